// A real responder process on free loopback ports.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { compileCache } from "../support/compile-cache.ts";

export type LogLine = Record<string, unknown> & { level: string; msg: string };

const root = resolve(import.meta.dirname, "../..");
const unbuilt = "responder/main.ts";

interface Address {
  host: string;
  port: number;
}

export interface ResponderProcess extends AsyncDisposable {
  /** http://127.0.0.1:PORT */
  readonly api: string;
  readonly management: string;
  /** `resp` is 0 without KVR_RESP_PORT. */
  readonly ports: { readonly api: number; readonly management: number; readonly resp: number };
  readonly pid: number;
  /** Every line of standard output so far, parsed. */
  readonly lines: LogLine[];
  signal(name: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it, once all output is read. */
  readonly ended: Promise<number | string>;
}

export interface ResponderProgram {
  /** Sources of modules that run in the process first. */
  readonly imports?: readonly string[];
  /** Default: the source, without a build. */
  readonly program?: string;
}

/** Resolves when the process says that it serves. */
export const startResponder = async (env: Record<string, string> = {}, { imports = [], program = unbuilt }: ResponderProgram = {}): Promise<ResponderProcess> => {
  // a bundle runs as it is shipped, with nothing kept: its memory is measured
  const kept = program === unbuilt ? compileCache : {};
  const args = [...imports.flatMap((source) => ["--import", `data:text/javascript,${encodeURIComponent(source)}`]), program];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env["PATH"], ...kept, KVR_HTTP_PORT: "0", KVR_METRICS_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: LogLine[] = [];
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString()));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);

  const serving = new Promise<LogLine>((resolveLine, reject) => {
    createInterface(child.stdout).on("line", (text) => {
      const line = JSON.parse(text) as LogLine;
      lines.push(line);
      if (line.msg === "serving") resolveLine(line);
    });
    void ended.then((code) => reject(new Error(`the responder ended with ${code} before it served: ${stderr}`)));
  });
  const line = await serving;
  const ports = { api: (line["http"] as Address).port, management: (line["management"] as Address).port, resp: (line["resp"] as Address | undefined)?.port ?? 0 };
  return {
    api: `http://127.0.0.1:${ports.api}`,
    management: `http://127.0.0.1:${ports.management}`,
    ports,
    pid: child.pid ?? 0,
    lines,
    ended,
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
};

/** For starts that must fail: exit code and standard error. */
export const failToStart = async (env: Record<string, string>): Promise<{ code: number; stderr: string; stdout: string }> => {
  const child = spawn(process.execPath, [unbuilt], { cwd: root, env: { PATH: process.env["PATH"], ...compileCache, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let [stderr, stdout] = ["", ""];
  child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => void (stdout += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, stderr, stdout };
};
