import { createLogger, type LoggerOptions } from "#telemetry/logger";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "logger-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const open = (options: Partial<LoggerOptions> = {}) => {
  const path = join(folder, "log");
  const log = createLogger({ base: { tenant: "acme", pod: "p-0" }, to: openSync(path, "w"), ...options });
  const read = (): Record<string, unknown>[] => {
    log.flush();
    return readFileSync(path, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  // a line that is being written when flush() is called lands a moment later
  const lines = (n = 1) => vi.waitFor(() => {
    const found = read();
    expect(found.length).toBeGreaterThanOrEqual(n);
    return found;
  });
  return { log, lines };
};

test("a line carries the base fields, the level by name and the time as ISO 8601", async () => {
  const { log, lines } = open();
  log.info({ route: "kv" }, "request");
  const [line] = await lines();
  expect(line).toMatchObject({ level: "info", tenant: "acme", pod: "p-0", route: "kv", msg: "request" });
  expect(line?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("the level can change at run time, for children too", async () => {
  const { log, lines } = open();
  const child = log.child({ part: "store" });
  child.debug({}, "hidden");
  log.setLevel("debug");
  child.debug({ n: 1 }, "shown");
  log.setLevel("error");
  child.warn({}, "hidden");
  expect(log.level()).toBe("error");
  expect(await lines()).toEqual([expect.objectContaining({ msg: "shown", part: "store", n: 1, level: "debug", tenant: "acme" })]);
});

test("an error shows its type, message, stack and cause", async () => {
  const { log, lines } = open();
  log.error({ err: new Error("apply", { cause: new Error("refused") }) }, "failed");
  expect((await lines())[0]?.["err"]).toMatchObject({ type: "Error", message: expect.stringContaining("apply"), stack: expect.stringContaining("refused") });
});

test("flush writes what is pending before it returns", async () => {
  const { log, lines } = open();
  for (let i = 0; i < 1000; i++) log.info({ i }, "line");
  expect(await lines(1000)).toHaveLength(1000);
  expect(log.dropped()).toBe(0);
});
