// Nothing outlives the harness, however it ends.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { processesMentioning } from "./processes.ts";
import { startReaper, type Reaper } from "./reaper.ts";
import { waitFor } from "./wait.ts";

let base: string;
/** Unique: processes are found by it. */
let dir: string;
const reapers: Reaper[] = [];
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "kvr-reaper-"));
  dir = join(base, "cluster");
});
afterEach(async () => {
  for (const reaper of reapers.splice(0)) await reaper.end();
  await rm(base, { recursive: true, force: true });
});

const start = async (options?: { readonly keep: boolean }) => {
  const reaper = await startReaper(dir, options);
  reapers.push(reaper);
  await writeFile(join(dir, "file"), "");
  return reaper;
};
const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );
/** A shell with two children, all three with the directory in their command lines, by which they are found. */
const family = (extra = "") => ["/bin/sh", "-c", `${extra} tail -f "$0/file" & echo started; tail -f "$0/file"`, dir];
const spec = (name: string, argv: readonly string[]) => ({ name, argv, log: join(dir, `${name}.log`) });
const gone = async () => (await processesMentioning(dir)).length === 0 && !(await exists(dir));
const log = (name: string) => readFile(join(dir, `${name}.log`), "utf8");

describe("a reaper", () => {
  test("makes its directory for its owner alone, and takes all away at the end", async () => {
    const reaper = await start();
    await reaper.start(spec("a", family()));
    await reaper.start(spec("b", family()));
    expect((await processesMentioning(dir)).length).toBeGreaterThanOrEqual(3);
    await reaper.end();
    expect(await processesMentioning(dir)).toEqual([]);
    expect(await exists(dir)).toBe(false);
  });

  test("keeps the directory when told to", async () => {
    const reaper = await start({ keep: true });
    await reaper.end();
    expect(await exists(dir)).toBe(true);
  });

  test("gives a process PATH, HOME and what it is given, and nothing of ours", async () => {
    const reaper = await start();
    process.env.KVR_SECRET_OF_TEST = "1";
    await reaper.start({ ...spec("env", ["env"]), env: { COLOUR: "blue" } });
    delete process.env.KVR_SECRET_OF_TEST;
    await waitFor("env to end", () => reaper.exited("env"));
    const names = (await log("env")).split("\n").map((line) => line.split("=")[0]);
    expect(names).toEqual(expect.arrayContaining(["PATH", "HOME", "COLOUR"]));
    expect(names).not.toContain("KVR_SECRET_OF_TEST");
  });

  test("stops one process with its children, and starts it again", async () => {
    const reaper = await start();
    const pid = await reaper.start(spec("a", family()));
    await reaper.start(spec("b", family()));
    await waitFor("both families to be whole", async () => (await log("a")).includes("started") && (await log("b")).includes("started"));
    const before = await processesMentioning(dir);
    await reaper.stop("a");
    expect(reaper.exited("a")).toMatchObject({ signal: "SIGTERM", expected: true });
    expect((await processesMentioning(dir)).length).toBeLessThan(before.length);
    expect(await reaper.start(spec("a", family()))).not.toBe(pid);
    expect(reaper.exited("a")).toBeUndefined();
  });

  test("kills what ignores SIGTERM", async () => {
    const reaper = await start();
    await reaper.start(spec("deaf", family("trap '' TERM;")));
    await waitFor("the trap to be set", async () => (await log("deaf")).includes("started"));
    await reaper.stop("deaf", { graceMs: 50 });
    expect(reaper.exited("deaf")).toMatchObject({ signal: "SIGKILL", expected: true });
  });

  test("tells of a process that goes by itself", async () => {
    const reaper = await start();
    const crash = new Promise((resolve) => reaper.onCrash(resolve));
    await reaper.start(spec("brief", ["/bin/sh", "-c", "exit 3"]));
    expect(await crash).toMatchObject({ name: "brief", code: 3, expected: false });
  });

  test("refuses a program that is not there, and a name twice", async () => {
    const reaper = await start();
    await expect(reaper.start(spec("none", ["/no/such/program"]))).rejects.toThrow("start none: no such program: /no/such/program");
    await reaper.start(spec("a", family()));
    await expect(reaper.start(spec("a", family()))).rejects.toThrow("a runs already");
  });

  test("runs the clean-up commands after the last process, newest first, a failing one too", async () => {
    const reaper = await start();
    const note = join(base, "note");
    const pid = await reaper.start(spec("a", family()));
    await reaper.cleanup(["/bin/sh", "-c", `echo first >> ${note}`]);
    await reaper.cleanup(["/no/such/program"]);
    await reaper.cleanup(["/bin/sh", "-c", `kill -0 ${pid} || echo dead >> ${note}`]);
    await reaper.end();
    expect(await readFile(note, "utf8")).toBe("dead\nfirst\n");
  });
});

describe("nothing is left", () => {
  /** A process that starts a reaper with a child and a clean-up command, and then waits. */
  const harness = async (ending = "setInterval(() => {}, 1000)") => {
    const script = `
      import { writeFileSync } from "node:fs";
      import { startReaper } from ${JSON.stringify(new URL("./reaper.ts", import.meta.url).href)};
      const dir = ${JSON.stringify(dir)};
      const reaper = await startReaper(dir);
      writeFileSync(dir + "/file", "");
      await reaper.start({ name: "a", argv: ${JSON.stringify(family())}, log: dir + "/a.log" });
      await reaper.cleanup(["touch", ${JSON.stringify(join(base, "cleaned"))}]);
      console.log("started");
      ${ending}`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"], detached: true });
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    expect(line).toBe("started");
    return child;
  };

  test.each(["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"] as const)("when the harness gets %s", async (signal) => {
    const child = await harness();
    expect(await gone()).toBe(false);
    // its whole group, as a terminal does for Ctrl-C
    process.kill(-(child.pid ?? 0), signal);
    await waitFor("everything to be gone", gone, { timeoutMs: 10_000 });
    expect(await exists(join(base, "cleaned"))).toBe(true);
  });

  test("when the harness just ends", async () => {
    await harness("");
    await waitFor("everything to be gone", gone, { timeoutMs: 10_000 });
    expect(await exists(join(base, "cleaned"))).toBe(true);
  });

  test("no started process, even when the supervisor itself is killed", async () => {
    const script = `
      import { startReaper } from ${JSON.stringify(new URL("./reaper.ts", import.meta.url).href)};
      const dir = process.argv.at(-1);
      const reaper = await startReaper(dir);
      await reaper.start({ name: "a", argv: ["tail", "-f", "/dev/null", dir + "/a.log"], log: dir + "/a.log" });
      process.kill(reaper.pid, "SIGKILL");
      process.kill(process.pid, "SIGKILL");`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, dir]).catch(() => {});
    await waitFor("the process to be gone", async () => (await processesMentioning(dir)).length === 0, { timeoutMs: 10_000 });
  });

  test("when it is killed before it has started anything", async () => {
    const script = `
      import { startReaper } from ${JSON.stringify(new URL("./reaper.ts", import.meta.url).href)};
      await startReaper(${JSON.stringify(dir)});
      process.kill(process.pid, "SIGKILL");`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]).catch(() => {});
    await waitFor("everything to be gone", gone, { timeoutMs: 10_000 });
  });
});

test("an idle reaper does not hold its process, one that is asked does", async () => {
  await mkdir(base, { recursive: true });
  const script = `
    import { startReaper } from ${JSON.stringify(new URL("./reaper.ts", import.meta.url).href)};
    const reaper = await startReaper(${JSON.stringify(dir)});
    await reaper.start({ name: "a", argv: ["/bin/sh", "-c", "trap '' TERM; while true; do sleep 0.1; done"], log: "/dev/null" });
    await reaper.stop("a", { graceMs: 100 });
    console.log("stopped");`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
  expect(stdout).toBe("stopped\n");
});
