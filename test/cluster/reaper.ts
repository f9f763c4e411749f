// Starts processes that cannot outlive this one: they are children of a supervisor that watches our end of its pipe.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Message, Order, ProcessExit } from "./supervisor-protocol.ts";

export interface ProcessSpec {
  /** Unique among the running processes of this reaper. */
  readonly name: string;
  /** The first is an absolute path, or found in PATH. */
  readonly argv: readonly string[];
  /** Added to PATH and HOME (the working directory); nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the reaper's directory. */
  readonly cwd?: string;
  /** Where standard output and error are appended. */
  readonly log: string;
}

export interface Reaper {
  readonly dir: string;
  /** Of the supervisor, or of what it was started through. */
  readonly pid: number;
  /** Starts a process as the leader of its own group and session; resolves with its pid. */
  start(spec: ProcessSpec): Promise<number>;
  /** Signals the process's group, and kills it after `graceMs` (default 5,000). Resolves when it is gone; at once if it does not run. */
  stop(name: string, options?: { readonly signal?: NodeJS.Signals; readonly graceMs?: number }): Promise<void>;
  /** A command to run at the end, after every process is dead; last registered runs first, each for at most 10 s. It runs even if this process is killed. */
  cleanup(argv: readonly string[]): Promise<void>;
  /** The last exit of this process, if it has exited. */
  exited(name: string): ProcessExit | undefined;
  /** Called when a process goes that was not told to. */
  onCrash(listener: (exit: ProcessExit) => unknown): void;
  /** Kills every process, runs the clean-up commands, removes the directory. */
  end(): Promise<void>;
}

const supervisorFile = fileURLToPath(new URL("./supervisor.ts", import.meta.url));

export interface ReaperOptions {
  readonly keep?: boolean;
  /** A command that runs the command it is given, elsewhere: it must pass on standard input and output. */
  readonly through?: readonly string[];
}

/**
 * `dir` is made by the supervisor and removed by it at the end, unless `keep`.
 * The supervisor's handles do not keep this process alive, except while an answer is awaited.
 */
export const startReaper = async (dir: string, { keep = false, through = [] }: ReaperOptions = {}): Promise<Reaper> => {
  const [program = "", ...args] = [...through, process.execPath, supervisorFile, dir, ...(keep ? ["keep"] : [])];
  const supervisor = spawn(program, args, {
    detached: true,
    env: { PATH: process.env.PATH, NODE_OPTIONS: "" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { stdin, stdout } = supervisor;
  const handles = [supervisor, stdin, stdout] as unknown as readonly { ref(): void; unref(): void }[];

  const hold = () => handles.forEach((handle) => handle.ref());
  const release = () => handles.forEach((handle) => handle.unref());

  const ready = Promise.withResolvers<number>();
  supervisor.once("error", ready.reject);

  let nextId = 1;
  let gone = false;
  const waiting = new Map<number, { resolve: (pid: number | undefined) => void; reject: (error: Error) => void }>();
  const exits = new Map<string, ProcessExit>();
  const listeners: ((exit: ProcessExit) => unknown)[] = [];
  const goneError = () => new Error("the cluster's supervisor is gone");
  const closed = once(supervisor, "close");
  supervisor.once("close", () => {
    gone = true;
    ready.reject(goneError());
    for (const { reject } of waiting.values()) reject(goneError());
    waiting.clear();
  });
  stdin.on("error", () => {});

  const receive = (message: Message) => {
    if ("id" in message) {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (waiting.size === 0) release();
      if (message.ok) call?.resolve(message.pid);
      else call?.reject(new Error(message.error));
      return;
    }
    if (message.event === "ready") return ready.resolve(message.pid);
    exits.set(message.name, message);
    if (!message.expected) for (const listener of listeners) listener(message);
  };
  createInterface({ input: stdout }).on("line", (line) => receive(JSON.parse(line) as Message));

  const ask = (order: Order): Promise<number | undefined> => {
    if (gone) return Promise.reject(goneError());
    const id = nextId++;
    const answer = Promise.withResolvers<number | undefined>();
    waiting.set(id, answer);
    hold();
    stdin.write(`${JSON.stringify({ id, ...order })}\n`);
    return answer.promise;
  };

  await ready.promise;
  release();

  return {
    dir,
    pid: supervisor.pid ?? 0,
    start: async ({ name, argv, env, cwd, log }) => {
      exits.delete(name);
      const childEnv = { PATH: process.env.PATH, HOME: dir, ...env };
      const started = await ask({ op: "start", name, argv, env: childEnv, log, ...(cwd === undefined ? {} : { cwd }) }).catch((cause: unknown) => {
        throw new Error(`start ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      });
      return started ?? 0;
    },
    stop: async (name, { signal = "SIGTERM", graceMs = 5_000 } = {}) => {
      await ask({ op: "stop", name, signal, graceMs });
    },
    cleanup: async (argv) => {
      await ask({ op: "cleanup", argv });
    },
    exited: (name) => exits.get(name),
    onCrash: (listener) => void listeners.push(listener),
    end: async () => {
      if (gone) return;
      await ask({ op: "end" });
      hold();
      stdin.end();
      await closed;
    },
  };
};

/** Where a process of this name logs. */
export const logFileOf = (logs: string, name: string): string => join(logs, `${name}.log`);
