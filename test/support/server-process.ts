// A program that listens on a loopback port, for as long as a test wants it; what it wrote to standard error is told when it does not come up.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { guarded } from "../cluster/guard.ts";
import { waitFor } from "../cluster/wait.ts";

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
}

export interface ServerProgram {
  /** In messages. */
  readonly what: string;
  readonly command: readonly string[];
  /** Answers 200 when it serves. */
  readonly readyUrl: string;
  /** After its end, however it came. */
  readonly tidy: () => Promise<void>;
}

/** Rules or blocks may be many. */
const readyWithinMs = 120_000;

/** Resolves when it serves. It is ended with SIGKILL: nothing that it keeps is wanted. */
export const startServerProcess = async ({ what, command, readyUrl, tidy }: ServerProgram): Promise<ServerProcess> => {
  const [program = "", ...args] = guarded([...command]);
  const child = spawn(program, args, { env: {}, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => void (errors = (errors + chunk.toString()).slice(-4_000)));
  const ended = once(child, "close");
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await tidy();
  };
  try {
    const ready = await waitFor(`${what} to be ready`, async () => (child.exitCode === null ? (await fetch(readyUrl)).ok : new Error(`${what} ended: ${errors}`)), { timeoutMs: readyWithinMs });
    if (ready !== true) throw ready;
  } catch (cause) {
    await stop();
    throw cause;
  }
  return { pid: child.pid ?? 0, [Symbol.asyncDispose]: stop };
};
