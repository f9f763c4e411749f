// The archive writer: bytes fixed by content alone, readable by the system's tar.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { dir, file, tar, type TarEntry } from "../../build/tar.ts";

const sha256 = (chunks: readonly Buffer[]): string => createHash("sha256").update(Buffer.concat(chunks)).digest("hex");

const extract = (chunks: readonly Buffer[]): string => {
  const out = mkdtempSync(join(tmpdir(), "kvr-tar-"));
  onTestFinished(() => rmSync(out, { recursive: true, force: true }));
  writeFileSync(join(out, "in.tar"), Buffer.concat(chunks));
  execFileSync("tar", ["-xf", "in.tar", "--no-same-owner", "--same-permissions"], { cwd: out });
  return out;
};

const fixed: readonly TarEntry[] = [
  file("bin/tool", "#!/bin/true\n", 0o755),
  file("a", "x".repeat(512)),
  dir("tmp", 0o1777),
  dir("data", 0o700, 65532),
  { path: "bin/alias", mode: 0o777, body: { type: "link", target: "tool" } },
];

test("equal entries give equal bytes, in whatever order they come", () => {
  expect(sha256(tar(fixed.toReversed()))).toBe(sha256(tar(fixed)));
});

test("the bytes of a fixed input are known", () => {
  expect(sha256(tar(fixed))).toBe("580938cc452ec8169fd0a4d397bb76b2463d20e04f60e4dd05e2d7bfbf79a767");
});

test("the system's tar lists modes, owners, sizes and order as given", () => {
  const listing = execFileSync("tar", ["-tv", "--numeric-owner", "--utc", "-f", "-"], { input: Buffer.concat(tar(fixed)), encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  expect(listing.trim().split("\n").map((line) => line.replace(/\s+/g, " "))).toEqual([
    "-rw-r--r-- 0/0 512 1970-01-01 00:00 a",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/",
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin/alias -> tool",
    "-rwxr-xr-x 0/0 12 1970-01-01 00:00 bin/tool",
    "drwx------ 65532/65532 0 1970-01-01 00:00 data/",
    "drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/",
  ]);
});

test("names and targets past 100 bytes survive, multi-byte ones too", () => {
  const name = `${"d".repeat(60)}/${"é".repeat(60)}.txt`;
  const target = "t".repeat(150);
  const out = extract(tar([file(name, "here"), { path: "link", mode: 0o777, body: { type: "link", target } }]));
  expect(readFileSync(join(out, name), "utf8")).toBe("here");
  expect(readlinkSync(join(out, "link"))).toBe(target);
});

test("any content of any length comes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 0o400, max: 0o777 }), (bytes, mode) => {
      const content = Buffer.from(bytes);
      const half = content.length >> 1;
      const out = extract(tar([file("f", [content.subarray(0, half), content.subarray(half)], mode), file("g", "after")]));
      expect(readFileSync(join(out, "f")).equals(content)).toBe(true);
      expect(statSync(join(out, "f")).mode & 0o777).toBe(mode);
      expect(readFileSync(join(out, "g"), "utf8")).toBe("after");
    }),
    { numRuns: 25 },
  );
});

test("a path given twice is refused", () => {
  expect(() => tar([file("a", "1"), file("a", "2")])).toThrow("a is given twice");
});
