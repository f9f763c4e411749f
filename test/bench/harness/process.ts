// Starts the programs that are compared, each on its own core where there are two, and ends them.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

export const root = resolve(import.meta.dirname, "../../..");
const startLimitMs = 15_000;

/** Servers share the first core, load generators and everything that serves them the second; "any" is for a program that watches itself from a thread of its own. */
export type Side = "server" | "load" | "any";
const core: Record<Side, string> = { server: "0", load: "1", any: "0,1" };
export const pinned = availableParallelism() >= 2 && ["/usr/bin/taskset", "/bin/taskset"].some((path) => existsSync(path));

/** Moves this process, which reads logs and scrapes, off the servers' core. */
export const standAside = (): void => {
  if (pinned) execFileSync("taskset", ["-a", "-p", "-c", core.load, String(process.pid)], { stdio: "ignore" });
};

export interface Launch {
  readonly side: Side;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Forget its standard error: for programs that warn of nothing at their end. */
  readonly mute?: boolean;
}

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Ends it with SIGTERM, and by force when that takes more than 10 s. */
  stop(): Promise<void>;
}

/** Standard output is a pipe that somebody must read; standard error goes to ours. */
export const launch = ({ side, command, args = [], env = {}, mute = false }: Launch): Running => {
  const [program, ...rest] = pinned ? ["taskset", "-c", core[side], command, ...args] : [command, ...args];
  const child = spawn(program ?? command, rest, { cwd: root, env: { PATH: process.env["PATH"], ...env }, stdio: ["ignore", "pipe", mute ? "ignore" : "inherit"] });
  const ended = new Promise<void>((done) => {
    child.once("close", () => done());
    child.once("error", () => done());
  });
  return {
    child,
    // taskset replaces itself by the program, so this is the program's own id
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(force);
    },
  };
};

/** Standard output of a program that ends by itself. Throws with what was run when it fails. */
export const output = async (side: Side, command: string, args: readonly string[]): Promise<string> => {
  const { child } = launch({ side, command, args });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => void (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${text.slice(0, 500)}`);
  return text;
};

/** Keeps reading what a program logs: a full pipe would make it drop lines, and so cheaper. Each call resolves with the next JSON line of this msg. */
export const follow = ({ child }: Running): ((msg: string) => Promise<Record<string, unknown>>) => {
  if (!child.stdout) throw new Error("the program has no standard output to read");
  const lines = createInterface(child.stdout);
  // each call waits for the end of the program too
  child.setMaxListeners(0);
  return (msg) =>
    new Promise((found, reject) => {
      const quoted = JSON.stringify(msg);
      lines.on("line", function look(text: string) {
        // most lines are of requests: not worth parsing
        if (!text.includes(quoted)) return;
        lines.off("line", look);
        found(JSON.parse(text) as Record<string, unknown>);
      });
      child.once("close", (code) => reject(new Error(`${child.spawnargs.join(" ")} ended with ${code} before it said ${quoted}`)));
    });
};

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

/** Resolves once the port accepts; for programs that do not say when they are ready. */
export const accepting = async (port: number): Promise<void> => {
  const until = Date.now() + startLimitMs;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise<boolean>((answer) => {
      socket.once("connect", () => answer(true)).once("error", () => answer(false));
    });
    socket.destroy();
    if (open) return;
    if (Date.now() > until) throw new Error(`nothing accepted on port ${port} within ${startLimitMs / 1000} s`);
    await new Promise((again) => setTimeout(again, 20));
  }
};
