// `make run`: the printed lines work as printed.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";

const run = promisify(execFile);

test("one responder runs, and every printed line works", async () => {
  // free ports instead of 8080 and 9090, which may be taken where this runs
  const env = { ...process.env, KVR_HTTP_PORT: "0", KVR_METRICS_PORT: "0" };
  const child = spawn(process.execPath, [resolve(import.meta.dirname, "run.ts")], { env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  try {
    const lines = await vi.waitFor(
      () => {
        const found = output.split("\n").filter((l) => /^  (curl|redis-cli) /.test(l));
        expect(found).toHaveLength(5);
        return found;
      },
      { timeout: 20_000 },
    );
    const answers: string[] = [];
    for (const line of lines) answers.push((await run("bash", ["-o", "pipefail", "-c", line.replace("curl ", "curl -sS --fail-with-body ")])).stdout);
    const [put, get, redis, metrics, ready] = answers;
    expect(put).toContain("201 Created");
    expect(get).toMatch(/200 OK[\s\S]*hello$/);
    expect(redis).toBe("hello\n");
    expect(metrics).toMatch(/^kv_entries 1$/m);
    expect(ready).toContain("[+]serving ok");
  } finally {
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  }
});
