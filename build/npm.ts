// `npm run pack:kvr`: the command-line tool as an npm package, dist/kv-responder-VERSION.tgz. One file for any Node from 22.19 on, and nothing to install with it.
// A folder of its own: the project's package.json lists what the bundles are made of, which those who install kvr would then get a second time.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundleWithContents, root } from "./bundle.ts";

interface ProjectManifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly engines: { readonly node: string };
}

/** Writes the package's folder and packs it. Returns the tarball's path. */
export const packCli = async (out: string): Promise<string> => {
  const { name, version, license, engines } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as ProjectManifest;
  const folder = join(out, "npm");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { files } = await bundleWithContents({ kvr: "operator/cli/kvr.ts" }, { splitting: false, target: `node${engines.node.replace(/^>=/, "")}` });
  const program = files.find((file) => file.name === "kvr.mjs");
  if (!program) throw new Error("the bundle has no kvr.mjs");
  writeFileSync(join(folder, "kvr.mjs"), program.content);
  chmodSync(join(folder, "kvr.mjs"), 0o755);
  copyFileSync(resolve(root, "docs/kvr.md"), join(folder, "README.md"));
  copyFileSync(resolve(root, "LICENSE"), join(folder, "LICENSE"));
  const manifest = {
    name,
    version,
    description: "kvr: prints what the kv-responder operator would make of a resource, and tells how one is",
    license,
    type: "module",
    repository: { type: "git", url: "git+https://github.com/kv-responder/kv-responder.git" },
    // of the second name kubectl makes `kubectl kvr`
    bin: { kvr: "kvr.mjs", "kubectl-kvr": "kvr.mjs" },
    engines,
    files: ["kvr.mjs"],
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--no-update-notifier", "--pack-destination", out, folder], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })) as { filename: string }[];
  return join(out, packed?.filename ?? "");
};

if (import.meta.main) console.log(await packCli(resolve(root, "dist")));
