// Keeps out of the operator's bundle what @dot-i/k8s-operator could use of client-node but does not.
// It requires the package as a whole, which a bundler must then keep as a whole: 14 MB of generated API classes, 25 MB of memory in every operator.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";

const client = "@kubernetes/client-node";

/** What CommonJS output of TypeScript reads from a module that it required whole, as a namespace or not. */
export const namesUsed = (source: string): readonly string[] => {
  const holders = [...source.matchAll(/const (\w+) = (?:__importStar\()?require\("@kubernetes\/client-node"\)/g)].map(([, holder = ""]) => holder);
  return [...new Set(holders.flatMap((holder) => [...source.matchAll(new RegExp(`(?<![\\w./])${holder}\\.(\\w+)`, "g"))].map(([, name = ""]) => name)))].sort();
};

export const narrowClientNode = (root: string): Plugin => ({
  name: "narrow-client-node",
  setup: (build) => {
    build.onResolve({ filter: /^@kubernetes\/client-node$/ }, async ({ importer, kind, resolveDir, pluginData }) => {
      if (pluginData === "whole") return undefined;
      if (kind === "require-call" && importer.includes("/@dot-i/k8s-operator/")) return { path: importer, namespace: "narrow" };
      const { path } = await build.resolve(client, { kind, importer, resolveDir, pluginData: "whole" });
      return { path, sideEffects: false };
    });
    // its modules only define: one that nobody names can go. Resolved here, as it writes out every path
    build.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, importer }) =>
      importer.includes(`/${client}/dist/`) ? { path: join(dirname(importer), path), sideEffects: false } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "narrow" }, async ({ path }) => {
      const names = namesUsed(await readFile(path, "utf8"));
      if (names.length === 0) throw new Error(`${path} names nothing of ${client} any more: narrow-client-node.ts must follow`);
      return { contents: `export { ${names.join(", ")} } from "${client}";`, resolveDir: root };
    });
  },
});
