// The lock: one at a time, and never stuck on a holder that is gone.
import { spawnSync } from "node:child_process";
import { access, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "./lock-file.ts";

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "kvr-lock-"));
  file = join(dir, "lock");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("ten at once take turns", async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await access(dir);
    inside--;
  };
  await Promise.all(Array.from({ length: 10 }, () => withLock(file, work)));
  expect(most).toBe(1);
  expect(await readdir(dir)).toEqual([]);
});

test("who waits is told once who holds it", async () => {
  const gate = Promise.withResolvers<void>();
  const told: string[] = [];
  const first = withLock(file, () => gate.promise);
  const second = withLock(file, async () => "second", (holder) => {
    told.push(holder);
    gate.resolve();
  });
  expect(await second).toBe("second");
  await first;
  expect(told).toEqual([String(process.pid)]);
});

test("work that throws frees the lock", async () => {
  const fail = async () => {
    throw new Error("no");
  };
  await expect(withLock(file, fail)).rejects.toThrow("no");
  expect(await withLock(file, async () => "free")).toBe("free");
});

test("the lock of a dead process is taken", async () => {
  const { pid } = spawnSync("true");
  await writeFile(file, String(pid));
  expect(await withLock(file, async () => "mine")).toBe("mine");
  expect(await readdir(dir)).toEqual([]);
});

test("a lock that nobody has touched for a minute is taken, whoever has that pid now", async () => {
  await writeFile(file, String(process.pid));
  const old = new Date(Date.now() - 61_000);
  await utimes(file, old, old);
  expect(await withLock(file, async () => "mine")).toBe("mine");
});

test("a live holder's fresh lock is waited for", async () => {
  await writeFile(file, String(process.pid));
  const waiting = Promise.withResolvers<void>();
  const got = withLock(file, async () => "mine", () => waiting.resolve());
  await waiting.promise;
  await rm(file);
  expect(await got).toBe("mine");
});

test("a folder that is missing is an error, not a wait", async () => {
  await expect(withLock(join(dir, "none", "lock"), async () => "")).rejects.toThrow("ENOENT");
});
