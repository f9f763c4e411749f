// What the operator's bundle keeps of client-node.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { namesUsed } from "../../build/narrow-client-node.ts";

test("names read through a namespace or a require are found, look-alikes are not", () => {
  const source = `
const k8s = __importStar(require("@kubernetes/client-node"));
const client_node_1 = require("@kubernetes/client-node");
const other = require("other");
new k8s.KubeConfig(); client_node_1.loadYaml(x); other.Thing; "apiextensions.k8s.io"; "https://k8s.io"; (0, k8s.KubeConfig);
`;
  expect(namesUsed(source)).toEqual(["KubeConfig", "loadYaml"]);
});

test("the installed @dot-i/k8s-operator uses names that client-node has", async () => {
  const require = createRequire(import.meta.url);
  const used = namesUsed(readFileSync(require.resolve("@dot-i/k8s-operator"), "utf8"));
  const client = (await import("@kubernetes/client-node")) as Readonly<Record<string, unknown>>;
  expect(used).toContain("KubeConfig");
  for (const name of used) expect(typeof client[name], name).toBe("function");
});
