// What the store accounts for is what the process takes, whatever was written before.
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

interface Measured {
  phase: string;
  maxBytes: number;
  usedBytes: number;
  entries: number;
  grownBytes: number;
}

const mebibyte = 2 ** 20;
/** JavaScript objects of pages and large values, code compiled late, malloc's own. */
const constantBytes = 4 * mebibyte;

/** `turns`: how many times its memory is written in each phase. As in a pod: a small young generation, and malloc that takes buffers over 64 KiB from the system and gives them back at once. */
const measure = async (mebibytes: number, policy: string, turns: number): Promise<Measured[]> => {
  const child = resolve(import.meta.dirname, "memory.child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--max-semi-space-size=4", child, String(mebibytes), policy, String(turns)], {
    env: { MALLOC_MMAP_THRESHOLD_: "65536" },
  });
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Measured);
};

test.each([
  [64, "LRU", 2],
  [64, "TinyLFU", 2],
  // so large that a share of it stands out from the constant; once over is enough for that
  [256, "LRU", 1.25],
] as const)("%i MiB by %s: every phase fills it, and the process grows by no more than 2 % and a constant", { timeout: 180_000, skip: process.platform !== "linux" }, async (mebibytes, policy, turns) => {
  const phases = await measure(mebibytes, policy, turns);
  expect(phases).toHaveLength(6);
  for (const { phase, maxBytes, usedBytes, grownBytes } of phases) {
    expect(usedBytes, phase).toBeLessThanOrEqual(maxBytes);
    expect(usedBytes, phase).toBeGreaterThan(0.97 * maxBytes);
    expect(grownBytes, phase).toBeLessThanOrEqual(1.02 * maxBytes + constantBytes);
    // the other way round nothing would be accounted exactly either
    expect(grownBytes, phase).toBeGreaterThan(0.9 * maxBytes - constantBytes);
  }
});
