// Loopback ports of this machine that lead to addresses inside a node's network namespace.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { guarded } from "./guard.ts";
import type { Forward } from "./types.ts";

export type RelayOrder = { readonly id: number } & ({ readonly op: "open"; readonly host: string; readonly port: number } | { readonly op: "close" });

export interface RelayOptions {
  /** A process in the namespace. */
  readonly pid: number;
  /** Takes the pid of the relay's process, so that it ends with the cluster. */
  readonly procsFile: string;
  readonly logFile: string;
}

export interface Relay {
  /** Listens on a free port of 127.0.0.1. Connections are reset while nothing listens at the address inside. */
  open(host: string, port: number): Promise<Forward>;
  close(): Promise<void>;
}

const childFile = fileURLToPath(new URL("./node-relay-child.ts", import.meta.url));
const host = "127.0.0.1";

/** The bytes pass through a process of their own: this one may block, in a test's execFileSync for example. */
export const startRelay = async ({ pid, procsFile, logFile }: RelayOptions): Promise<Relay> => {
  const log = openSync(logFile, "a");
  const [program = "", ...args] = guarded(["nsenter", `--target=${pid}`, "--net", "--", process.execPath, childFile]);
  const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log, "ipc"], env: { PATH: process.env.PATH } });
  closeSync(log);
  await once(child, "spawn");
  await writeFile(procsFile, String(child.pid));
  const gone = once(child, "exit");

  const waiting = new Map<number, () => void>();
  child.on("message", ({ id }: { readonly id: number }) => {
    waiting.get(id)?.();
    waiting.delete(id);
    // it must not keep this process alive, except while an answer is awaited
    if (waiting.size === 0) child.channel?.unref();
  });
  child.unref();
  child.channel?.unref();

  let nextId = 1;
  const ask = async (order: RelayOrder, ...handle: [] | [ReturnType<typeof createServer>]): Promise<void> => {
    const answered = new Promise<void>((done) => waiting.set(order.id, done));
    child.channel?.ref();
    child.send(order, ...handle);
    await Promise.race([
      answered,
      gone.then(() => {
        throw new Error(`the relay into the node's network is gone; see ${logFile}`);
      }),
    ]);
  };

  return {
    open: async (insideHost, insidePort) => {
      // no connection listener here, and closed once handed over: only the child may accept
      const server = createServer({ allowHalfOpen: true }).listen(0, host);
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const id = nextId++;
      await ask({ id, op: "open", host: insideHost, port: insidePort }, server);
      server.close();
      const close = () => ask({ id, op: "close" }).catch(() => {});
      return { host, port, url: `http://${host}:${port}`, close, [Symbol.asyncDispose]: close };
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      child.kill("SIGKILL");
      await gone;
    },
  };
};
