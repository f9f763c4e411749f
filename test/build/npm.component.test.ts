// kvr as those get it who have only Node: packed, installed offline into an empty folder, run by its names and by kubectl.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packCli } from "../../build/npm.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import { answer, startFakeApi, type FakeApi } from "../operator/kube/fake-api.ts";

const root = resolve(import.meta.dirname, "../..");
let scratch: string;
let api: FakeApi;
let kubeconfig: string;
/** PATH of somebody who has Node, kubectl and the package, and nothing of ours. */
let path: string;

const npm = (...args: readonly string[]): string => execFileSync("npm", [...args, "--offline", "--no-audit", "--no-fund", "--no-update-notifier", "--cache", join(scratch, "cache")], { cwd: scratch, encoding: "utf8", env: { ...process.env, HOME: scratch } });
const run = (command: string, ...args: readonly string[]) => spawnSync(command, args, { cwd: scratch, encoding: "utf8", input: "", env: { PATH: path, HOME: scratch, KUBECONFIG: kubeconfig } });

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kvr-npm-"));
  mkdirSync(join(scratch, "bin"));
  symlinkSync(process.execPath, join(scratch, "bin/node"));
  const { kubectl } = await resolveTools(["kubectl"]);
  symlinkSync(kubectl, join(scratch, "bin/kubectl"));
  writeFileSync(join(scratch, "package.json"), "{}");
  npm("install", await packCli(scratch));
  path = [join(scratch, "node_modules/.bin"), join(scratch, "bin"), "/usr/bin", "/bin"].join(":");
  api = await startFakeApi();
  kubeconfig = await api.kubeconfig();
  chmodSync(dirname(kubeconfig), 0o700);
}, 180_000);

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

test("the package is one program, its page and its licence; it brings nothing with it", () => {
  const folder = join(scratch, "node_modules/kv-responder");
  expect(readdirSync(folder).sort()).toEqual(["LICENSE", "README.md", "kvr.mjs", "package.json"]);
  expect(readdirSync(join(scratch, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["kv-responder"]);
  expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({ bin: { kvr: "kvr.mjs", "kubectl-kvr": "kvr.mjs" }, engines: { node: ">=22.19" } });
});

test("kvr render prints what the sources print", () => {
  const file = join(root, "examples/tenants/checkout.yaml");
  const { status, stdout, stderr } = run("kvr", "render", "-f", file);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toBe(execFileSync(process.execPath, [join(root, "operator/cli/kvr.ts"), "render", "-f", file], { encoding: "utf8" }));
});

test("npx finds it by its name, and kubectl takes it for a command of its own", async () => {
  expect(npm("exec", "--", "kvr", "--help")).toContain("usage: kvr render");
  api.handler = (_, response) => answer(response, 200, { metadata: { resourceVersion: "1" }, items: [] });
  const child = spawn("kubectl", ["kvr", "status", "-n", "team-a"], { cwd: scratch, env: { PATH: path, HOME: scratch, KUBECONFIG: kubeconfig } });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void (text += chunk.toString()));
  const code = await new Promise((done) => child.once("close", done));
  expect({ code, text }).toEqual({ code: 0, text: "there are no KVResponders in namespace team-a\n" });
  expect(api.seen.at(-1)?.path).toBe("/apis/kvresponder.io/v1alpha1/namespaces/team-a/kvresponders");
});

test("without a kubeconfig it says what to do", () => {
  const { status, stderr } = spawnSync("kvr", ["status"], { cwd: scratch, encoding: "utf8", env: { PATH: path, HOME: scratch } });
  expect(status).toBe(2);
  expect(stderr).toContain("no kubeconfig was found");
});
