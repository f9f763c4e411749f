// A peer that vanishes without a word (packets dropped, no reset): the kernel's probes end the watch within 35 s.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const child = join(import.meta.dirname, "half-open.child.ts");

/** What this needs and the machine lacks; undefined when nothing. */
const lack = async (): Promise<string | undefined> => {
  if (process.getuid?.() !== 0) return "root, for a network namespace";
  for (const program of ["unshare", "ip", "iptables"]) {
    const found = await run("sh", ["-c", `command -v ${program}`]).then(
      () => true,
      () => false,
    );
    if (!found) return `${program}: run test/cluster/install-packages.sh`;
  }
  return undefined;
};

test("a half-open watch is noticed within 35 s", { timeout: 60_000 }, async (context) => {
  const missing = await lack();
  context.skip(missing !== undefined, `this machine lacks ${missing}`);
  const { stdout } = await run("unshare", ["--net", process.execPath, child], { timeout: 55_000 });
  const { seconds, kind } = JSON.parse(stdout) as { seconds: number; kind: string };
  expect(kind).toBe("timeout");
  expect(seconds).toBeLessThan(35);
  // and not because something else broke at once
  expect(seconds).toBeGreaterThan(5);
});
