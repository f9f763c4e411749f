import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { deriveKey, readPeerSecret } from "../../../responder/lib/peer-secret.ts";

const fileWith = (text: string): string => {
  const dir = mkdtempSync(join(tmpdir(), "kvr-secret-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, "secret");
  writeFileSync(path, text);
  return path;
};

test("two pods that mount the same secret derive the same keys, another tenant's does not", () => {
  const key = (text: string) => deriveKey(readPeerSecret(fileWith(text)), "hash seed", 8).toString("hex");
  expect(key("a".repeat(64))).toBe(key(`${"a".repeat(64)}\n`));
  expect(key("a".repeat(64))).not.toBe(key("b".repeat(64)));
});

test("each purpose has a key of its own", () => {
  const secret = readPeerSecret(fileWith("c".repeat(64)));
  expect(deriveKey(secret, "hash seed", 8)).not.toEqual(deriveKey(secret, "handshake", 8));
});

test("without a file every process draws its own", () => {
  expect(readPeerSecret(undefined)).not.toEqual(readPeerSecret(undefined));
});

test("a secret that is too short is refused, unseen", () => {
  expect(() => readPeerSecret(fileWith("hunter2"))).toThrow(/^(?!.*hunter2).*at least 16/);
});
