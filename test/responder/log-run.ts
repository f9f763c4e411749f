// A process whose whole output is kept as it came: what a log shipper would get of standard output and standard error together.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect } from "vitest";
import { compileCache } from "../support/compile-cache.ts";

const root = resolve(import.meta.dirname, "../..");

interface Line {
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface Run extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Both streams, as the parts came. */
  text(): string;
  /** Complete lines; throws where one is not JSON. */
  lines(): Line[];
  /** Waits for the first line with this message. */
  said(message: string): Promise<Line>;
  /** The exit code, or the signal that ended it, once all output is there. */
  readonly ended: Promise<number | string>;
}

export interface Program {
  readonly program: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Sources of modules that run in the process first. */
  readonly imports?: readonly string[];
  /** Nobody reads standard output. */
  readonly isStalled?: boolean;
}

export const run = ({ program, args = [], env = {}, imports = [], isStalled = false }: Program): Run => {
  const child = spawn(process.execPath, [...imports.flatMap((source) => ["--import", `data:text/javascript,${encodeURIComponent(source)}`]), program, ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"], ...compileCache, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const parts: Buffer[] = [];
  const keep = (part: Buffer) => void parts.push(part);
  if (!isStalled) child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const text = () => Buffer.concat(parts).toString();
  const lines = () => {
    const complete = text();
    return complete.slice(0, complete.lastIndexOf("\n") + 1).split("\n").slice(0, -1).map((line) => JSON.parse(line) as Line);
  };
  const ended = once(child, isStalled ? "exit" : "close").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    text,
    lines,
    ended,
    said: async (message) => {
      let found: Line | undefined;
      await expect.poll(() => (found = lines().find(({ msg }) => msg === message)), { timeout: 20_000 }).toBeDefined();
      return found ?? {};
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      child.stdout.destroy();
      await ended;
    },
  };
};

/** A responder on free loopback ports. */
export const runResponder = ({ env, ...more }: Omit<Program, "program"> = {}): Run => run({ program: "responder/main.ts", env: { KVR_HTTP_PORT: "0", KVR_METRICS_PORT: "0", ...env }, ...more });

/** To be imported: at SIGUSR2, everything that somebody else than us would print, and then a fault that nobody catches. */
export const noise = (fault: "exception" | "rejection" | "none"): string => `
  import { EventEmitter } from "node:events";
  process.on("SIGUSR2", () => {
    const emitter = new EventEmitter();
    for (let i = 0; i < 11; i++) emitter.on("x", () => {});
    process.emitWarning("a warning", { type: "TestWarning", code: "KVR_TEST" });
    new Buffer(1);
    console.error(new TypeError("told by a library"));
    console.log("a text of a library");
    setTimeout(() => {
      if (${JSON.stringify(fault)} === "exception") throw Object.assign(new Error("nobody catches this"), { code: "E_TEST" });
      if (${JSON.stringify(fault)} === "rejection") Promise.reject("no error at all");
    }, 50);
  });
`;
