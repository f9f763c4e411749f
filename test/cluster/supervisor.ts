// Parent of a cluster's processes: when its standard input closes, it kills them all, cleans up and goes.
// Started by reaper.ts in a session of its own, so neither Ctrl-C nor the death of the harness reaches it first.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, openSync, closeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { guarded } from "./guard.ts";
import type { Command, Message } from "./supervisor-protocol.ts";

const killWait = 10_000;
const cleanupTimeout = 10_000;

const [dir, keep] = process.argv.slice(2);
if (dir === undefined) throw new Error("usage: supervisor.ts <dir> [keep]");
mkdirSync(dir, { recursive: true, mode: 0o700 });

interface Running {
  readonly child: ChildProcess;
  readonly gone: Promise<void>;
  stopping: boolean;
}
const running = new Map<string, Running>();
const cleanups: (readonly string[])[] = [];

// the reader may be dead: nobody to tell
process.stdout.on("error", () => {});
const send = (message: Message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const signalGroup = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(-pid, signal);
  } catch {
    // already gone
  }
};

const start = ({ name, argv, env, cwd, log }: Extract<Command, { op: "start" }>): Promise<number> =>
  new Promise((resolve, reject) => {
    if (running.has(name)) return reject(new Error(`${name} runs already`));
    if (argv[0]?.startsWith("/") && !existsSync(argv[0])) return reject(new Error(`no such program: ${argv[0]}`));
    // guarded: they die even if this process is itself killed outright
    const [program = "", ...args] = guarded(argv);
    const out = openSync(log, "a");
    const child = spawn(program, args, { cwd: cwd ?? dir, env, detached: true, stdio: ["ignore", out, out] });
    closeSync(out);
    const gone = new Promise<void>((done) => {
      child.once("error", (error) => {
        running.delete(name);
        reject(error);
        done();
      });
      child.once("exit", (code, signal) => {
        // what the leader left behind in its group
        if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
        const expected = running.get(name)?.stopping ?? true;
        running.delete(name);
        send({ event: "exit", name, code, signal, expected });
        done();
      });
    });
    running.set(name, { child, gone, stopping: false });
    child.once("spawn", () => resolve(child.pid ?? 0));
  });

const within = async (ms: number, what: Promise<unknown>): Promise<boolean> => {
  const timer = Promise.withResolvers<boolean>();
  const handle = setTimeout(() => timer.resolve(false), ms);
  const done = await Promise.race([what.then(() => true), timer.promise]);
  clearTimeout(handle);
  return done;
};

const stop = async ({ name, signal, graceMs }: Extract<Command, { op: "stop" }>) => {
  const process = running.get(name);
  if (process?.child.pid === undefined) return;
  process.stopping = true;
  signalGroup(process.child.pid, signal);
  if (await within(graceMs, process.gone)) return;
  signalGroup(process.child.pid, "SIGKILL");
  await process.gone;
};

const clean = (argv: readonly string[]) =>
  new Promise<void>((resolve) => {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, { stdio: "ignore", timeout: cleanupTimeout, killSignal: "SIGKILL" });
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });

let ending: Promise<void> | undefined;
const end = (): Promise<void> =>
  (ending ??= (async () => {
    const all = [...running.values()];
    for (const process of all) {
      process.stopping = true;
      if (process.child.pid !== undefined) signalGroup(process.child.pid, "SIGKILL");
    }
    await within(killWait, Promise.all(all.map((process) => process.gone)));
    // last made, first unmade
    for (const argv of cleanups.toReversed()) await clean(argv);
    if (keep === undefined) await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  })());

const obey = async (command: Command): Promise<number | undefined> => {
  switch (command.op) {
    case "start":
      if (ending !== undefined) throw new Error("the cluster is ending");
      return start(command);
    case "stop":
      await stop(command);
      return undefined;
    case "cleanup":
      cleanups.push(command.argv);
      return undefined;
    case "end":
      await end();
      return undefined;
  }
};

const answer = async (line: string) => {
  const command = JSON.parse(line) as Command;
  const reply = await obey(command).then(
    (pid) => ({ id: command.id, ok: true as const, ...(pid === undefined ? {} : { pid }) }),
    (error: unknown) => ({ id: command.id, ok: false as const, error: error instanceof Error ? error.message : String(error) }),
  );
  send(reply);
};

for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
const leave = () => void end().finally(() => process.exit(0));
process.on("SIGTERM", leave);

createInterface({ input: process.stdin })
  .on("line", (line) => void answer(line))
  .on("close", leave);
process.stdin.on("error", leave);
send({ event: "ready", pid: process.pid });
