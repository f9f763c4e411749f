// Two processes that need the same tool at the same time: a real Go, a real build, once.
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
const script = `
import { fileURLToPath } from "node:url";
const { resolveAll } = await import(${url("./toolchain.ts")});
const catalogue = {
  dir: fileURLToPath(${url("../fixtures/tools")}),
  modules: { hello: { variables: { "main.greeting": "built" } } },
  tools: { hello: { module: "hello", package: ".", seconds: 1 } },
};
console.log((await resolveAll(["hello"], { catalogue })).hello);
`;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "kvr-tools-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test("one builds, the other waits, both have a program that runs", async () => {
  // Go keeps its own cache beside ours: not to be cold as well
  const GOCACHE = process.env.GOCACHE ?? join(homedir(), ".cache", "go-build");
  const env = { ...process.env, XDG_CACHE_HOME: dir, KVR_TOOLS_DIR: "", GOCACHE };
  const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  const [one, two] = await Promise.all([run(), run()]);
  expect(one.stdout).toBe(two.stdout);
  expect(execFileSync(one.stdout.trim(), { encoding: "utf8" })).toBe("built\n");
  const built = [one.stderr, two.stderr].filter((text) => /^built hello in \d+ s$/m.test(text));
  expect(built).toHaveLength(1);
});
