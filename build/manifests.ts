// `make manifests`: writes dist/install.yaml, for `kubectl apply -f`, and both charts as packages. Takes kubectl and helm from PATH.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { root } from "./bundle.ts";

const run = promisify(execFile);
const charts = ["kv-responder-operator", "kv-responder"] as const;

export interface Images {
  readonly operator: string;
  readonly responder: string;
}

export interface ManifestOptions {
  readonly kubectl: string;
  readonly helm: string;
  /** Folder of what is written; default dist. */
  readonly out?: string;
  /** Where they are not those of config/manager/manager.yaml. */
  readonly images?: Partial<Images>;
}

/** As config/manager/manager.yaml names them. */
const ownImages = (): Images => {
  const text = readFileSync(resolve(root, "config/manager/manager.yaml"), "utf8");
  const [operator, responder] = [/image: (\S+)/, /--responder-image=(\S+)/].map((pattern) => pattern.exec(text)?.[1]);
  if (operator === undefined || responder === undefined) throw new Error("config/manager/manager.yaml does not name both images");
  return { operator, responder };
};

/** Paths of what was written. */
export const buildManifests = async ({ kubectl, helm, out = resolve(root, "dist"), images = {} }: ManifestOptions): Promise<readonly string[]> => {
  mkdirSync(out, { recursive: true });
  const { stdout } = await run(kubectl, ["kustomize", resolve(root, "config/default")], { maxBuffer: 16 << 20 });
  const own = ownImages();
  const install = join(out, "install.yaml");
  writeFileSync(install, stdout.replaceAll(own.operator, images.operator ?? own.operator).replaceAll(own.responder, images.responder ?? own.responder));
  const packages: string[] = [];
  for (const chart of charts) {
    // "Successfully packaged chart and saved it to: PATH"
    const told = await run(helm, ["package", resolve(root, "config/helm", chart), "--destination", out], { env: { ...process.env, HOME: "/nonexistent" } });
    packages.push(told.stdout.trim().replace(/^.*: /s, ""));
  }
  return [install, ...packages];
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string" }, "operator-image": { type: "string" }, "responder-image": { type: "string" } } });
  const { out, "operator-image": operator, "responder-image": responder } = values;
  const images = { ...(operator !== undefined && { operator }), ...(responder !== undefined && { responder }) };
  const written = await buildManifests({ kubectl: "kubectl", helm: "helm", images, ...(out !== undefined && { out: resolve(out) }) });
  console.log(written.map((path) => relative(process.cwd(), path)).join("\n"));
}
