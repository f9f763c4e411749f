import { createLogger, type Logger, type LoggerOptions } from "#telemetry/logger";
import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";

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
  return { log, lines: read };
};

test("a line carries the base fields, the level by name and the time as ISO 8601", () => {
  const { log, lines } = open();
  log.info({ route: "kv" }, "request");
  const [line] = lines();
  expect(line).toMatchObject({ level: "info", tenant: "acme", pod: "p-0", route: "kv", msg: "request" });
  expect(line?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("the level can change at run time, for children too", () => {
  const { log, lines } = open();
  const child = log.child({ part: "store" });
  child.debug({}, "hidden");
  log.setLevel("debug");
  child.debug({ n: 1 }, "shown");
  log.setLevel("error");
  child.warn({}, "hidden");
  expect(log.level()).toBe("error");
  expect(lines()).toEqual([expect.objectContaining({ msg: "shown", part: "store", n: 1, level: "debug", tenant: "acme" })]);
});

test("flush writes what is pending before it returns", () => {
  const { log, lines } = open();
  for (let i = 0; i < 1000; i++) log.info({ i }, "line");
  expect(lines()).toHaveLength(1000);
  expect(log.dropped()).toBe(0);
});

test("without a flush the line is there a moment later", async () => {
  const path = join(folder, "later");
  createLogger({ base: {}, to: openSync(path, "w") }).info({}, "line");
  await expect.poll(() => readFileSync(path, "utf8")).toContain('"msg":"line"');
});

/** A pipe that nobody reads until `read` starts a reader. */
const stalledPipe = () => {
  const path = join(folder, "pipe");
  const copy = join(folder, "copy");
  execFileSync("mkfifo", [path]);
  // for both, so that opening it does not wait for the other side
  const both = openSync(path, constants.O_RDWR);
  onTestFinished(() => closeSync(both));
  const writer = openSync(path, "w");
  return {
    writer,
    read: () => {
      const cat = spawn("cat", [path], { stdio: ["ignore", openSync(copy, "w"), "inherit"] });
      onTestFinished(() => void cat.kill());
    },
    lines: (): Line[] => {
      const text = readFileSync(copy, "utf8");
      return text.slice(0, text.lastIndexOf("\n")).split("\n").map((line) => JSON.parse(line) as Line);
    },
  };
};
interface Line {
  readonly msg: string;
  readonly lines?: number;
}

const overflow = (log: Logger): number => {
  const before = log.dropped();
  const line = "x".repeat(1_000);
  for (let i = 0; i < 5_000; i++) log.info({ line }, "line");
  return log.dropped() - before;
};
const eventually = { timeout: 10_000 };

test("a reader that stalls costs bounded memory and lines, which are counted and told of once a minute when it is back", async () => {
  const pipe = stalledPipe();
  const log = createLogger({ base: {}, to: pipe.writer, clock: { monotonic: () => 0 } });
  const first = overflow(log);
  // about four of the five megabytes have room
  expect(first).toBeGreaterThan(500);
  expect(first).toBeLessThan(1_500);
  expect(overflow(log)).toBe(5_000);

  pipe.read();
  const told = () => pipe.lines().filter(({ msg }) => msg === "log lines dropped");
  await expect.poll(told, eventually).toEqual([expect.objectContaining({ lines: first + 5_000, level: "warn" })]);
  expect(pipe.lines().filter(({ msg }) => msg === "line")).toHaveLength(5_000 - first);
});

test("that lines were dropped is told at every level", async () => {
  const pipe = stalledPipe();
  const log = createLogger({ base: { tenant: "acme" }, to: pipe.writer });
  const dropped = overflow(log);
  log.setLevel("error");
  pipe.read();
  await expect.poll(() => pipe.lines().at(-1), eventually).toMatchObject({ msg: "log lines dropped", level: "warn", lines: dropped, tenant: "acme" });
  log.warn({}, "hidden");
  log.error({}, "shown");
  await expect.poll(() => pipe.lines().at(-1), eventually).toMatchObject({ msg: "shown" });
  expect(pipe.lines().filter(({ msg }) => msg === "hidden")).toEqual([]);
});

test("what is dropped again within the minute is told of after it", async () => {
  const pipe = stalledPipe();
  let now = 0;
  const log = createLogger({ base: {}, to: pipe.writer, clock: { monotonic: () => now } });
  overflow(log);
  pipe.read();
  const told = () => pipe.lines().filter(({ msg }) => msg === "log lines dropped");
  await expect.poll(told, eventually).toHaveLength(1);
  const before = log.dropped();
  // more in one turn than any reader takes
  for (let i = 0; i < 30 && log.dropped() === before; i++) overflow(log);
  const second = log.dropped() - before;
  expect(second).toBeGreaterThan(0);
  log.info({}, "within the minute");
  await expect.poll(() => pipe.lines().at(-1)?.msg, eventually).not.toBe("log lines dropped");
  now = 60_000;
  log.info({}, "a minute later");
  await expect.poll(() => told().map(({ lines }) => lines), eventually).toEqual([before, log.dropped() - before]);
});

test("a flush waits for a reader that is slow, loses nothing, and tells what was dropped before", async () => {
  const pipe = stalledPipe();
  const log = createLogger({ base: {}, to: pipe.writer });
  const dropped = overflow(log);
  pipe.read();
  log.flush();
  log.flush();
  expect(log.dropped()).toBe(dropped);
  await expect.poll(() => pipe.lines().at(-1), eventually).toMatchObject({ msg: "log lines dropped", lines: dropped });
  expect(pipe.lines()).toHaveLength(5_001 - dropped);
});

test("a flush does not wait for ever", () => {
  const pipe = stalledPipe();
  const log = createLogger({ base: {}, to: pipe.writer });
  overflow(log);
  // that this ends is the test: nobody reads
  log.flush();
});

test("a reader that is gone does not end the process, and its lines are counted", async () => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const log = createLogger({ base: {}, to: openSync(path, "w") });
  closeSync(reader);
  log.info({}, "to nobody");
  log.info({}, "to nobody");
  await expect.poll(log.dropped).toBe(2);
});

test("a line that was cut by the end of its reader does not spoil the next one", () => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const log = createLogger({ base: {}, to: openSync(path, "w") });
  overflow(log);
  // of the lines that filled the pipe, the last is not complete
  const held = Buffer.alloc(2 ** 20);
  const text = held.toString("utf8", 0, readSync(reader, held));
  expect(text.endsWith("\n")).toBe(false);
  closeSync(reader);
  log.flush();
  const next = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  log.info({}, "next");
  log.flush();
  const lines = held.toString("utf8", 0, readSync(next, held)).split("\n");
  expect(lines[0]).toBe("");
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ msg: "next" });
  closeSync(next);
});
