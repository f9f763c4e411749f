import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { followTokens } from "../../../responder/auth/token-files.ts";

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "kvr-tokens-"))));
afterEach(() => rmSync(dir, { recursive: true }));

const follow = () => {
  let tick = () => {};
  const seen: string[][] = [];
  const problems: string[] = [];
  followTokens({ dir, timers: { every: (_ms, run) => ((tick = run), () => {}) }, onTokens: (t) => seen.push(t.map(String)), onProblem: (err) => problems.push(String(err)) });
  return { tick: () => tick(), seen, problems };
};

test("reads every file, without its line end, and again when one changes", () => {
  writeFileSync(join(dir, "a"), "aaaaaaaaaaaaaaaa\n");
  // as the kubelet lays it out
  mkdirSync(join(dir, "..2026_01_01"));
  const it = follow();
  writeFileSync(join(dir, "b"), "bbbbbbbbbbbbbbbb");
  it.tick();
  it.tick();
  expect(it.seen).toEqual([["aaaaaaaaaaaaaaaa"], ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"]]);
  expect(it.problems).toEqual([]);
});

test.each(["short", "with space in the middle", "sixteen-bytes-and-ü", "x".repeat(513)])("what is no token (%s) is a problem that does not repeat it, and the last ones stay", (text) => {
  writeFileSync(join(dir, "a"), "aaaaaaaaaaaaaaaa");
  const it = follow();
  writeFileSync(join(dir, "a"), text);
  it.tick();
  expect(it.seen).toHaveLength(1);
  expect(it.problems).toHaveLength(1);
  expect(it.problems[0]).not.toContain(text);
});

test("an empty directory is a problem that says what to do", () => {
  expect(follow().problems[0]).toContain("mount a Secret");
});
