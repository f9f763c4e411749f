// What a bundle is made of, from esbuild's record of it.
import { expect, test } from "vitest";
import { folderOf, packagesOf } from "../../build/packages.ts";

test.each([
  ["node_modules/a/index.js", "node_modules/a"],
  ["node_modules/@s/a/dist/x.js", "node_modules/@s/a"],
  ["node_modules/a/node_modules/@s/b/x.js", "node_modules/a/node_modules/@s/b"],
  ["narrow:/home/me/p/node_modules/@s/a/x.js", "node_modules/@s/a"],
  ["responder/main.ts", undefined],
])("%s is in %s", (input, folder) => expect(folderOf(input)).toBe(folder));

const imports = (...paths: string[]) => paths.map((path) => ({ path, kind: "import-statement" as const }));

test("packages with bytes in the bundle, each with those it imports; what was shaken off is not there", () => {
  const inputs = {
    "main.ts": { bytes: 1, imports: imports("node_modules/a/i.js") },
    "node_modules/a/i.js": { bytes: 1, imports: imports("node_modules/a/j.js", "node_modules/b/i.js", "node_modules/gone/i.js", "node:fs") },
    "node_modules/a/j.js": { bytes: 1, imports: imports("node_modules/a/node_modules/b/i.js") },
    "node_modules/b/i.js": { bytes: 1, imports: [] },
    "node_modules/a/node_modules/b/i.js": { bytes: 1, imports: [] },
    "node_modules/gone/i.js": { bytes: 1, imports: [] },
  };
  const kept = Object.fromEntries(Object.keys(inputs).map((input) => [input, { bytesInOutput: input.includes("gone") ? 0 : 1 }]));
  const outputs = { "main.mjs": { bytes: 1, inputs: kept, imports: [], exports: [] } };
  const versions: Readonly<Record<string, string>> = { "node_modules/a": "1.0.0", "node_modules/b": "1.0.0", "node_modules/a/node_modules/b": "2.0.0" };
  expect(packagesOf({ inputs, outputs }, (folder) => ({ name: folder.slice(-1), version: versions[folder] ?? "", license: "MIT" }))).toEqual([
    { folder: "node_modules/a", name: "a", version: "1.0.0", license: "MIT", needs: ["node_modules/a/node_modules/b", "node_modules/b"] },
    { folder: "node_modules/a/node_modules/b", name: "b", version: "2.0.0", license: "MIT", needs: [] },
    { folder: "node_modules/b", name: "b", version: "1.0.0", license: "MIT", needs: [] },
  ]);
});
