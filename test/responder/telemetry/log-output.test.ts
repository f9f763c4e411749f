// What is counted as dropped when the reader goes away.
import { createLogOutput } from "#telemetry/log-output";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { manualTime } from "../../support/manual-time.ts";

const line = `${"x".repeat(999)}\n`;

test("each line that has no reader counts once, behind a torn line too", () => {
  const folder = mkdtempSync(join(tmpdir(), "log-output-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const output = createLogOutput({ fd: openSync(path, "w"), timers: manualTime() });
  for (let i = 0; i < 1_000; i++) output.write(line);
  // it takes what the pipe holds
  output.flushSync();
  const held = Buffer.alloc(2 ** 20);
  const taken = readSync(reader, held);
  expect(taken % line.length).not.toBe(0);
  closeSync(reader);
  output.flushSync();
  // the torn one is lost as well
  const lost = 1_000 - Math.floor(taken / line.length);
  expect(output.dropped()).toBe(lost);

  for (const batch of [1, 2]) {
    output.write(line);
    output.write(line);
    output.flushSync();
    expect(output.dropped()).toBe(lost + 2 * batch);
  }
});
