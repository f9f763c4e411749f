// A real redis-server on a free loopback port: what ours is compared with.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { reservePort } from "../cluster/ports.ts";

/** Where a server of the Redis protocol answers. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface RunningServer extends Endpoint, AsyncDisposable {}

/** undefined when the program is there, otherwise the sentence for whoever wants it. */
export const lackOf = (program: string, debianPackage: string): string | undefined =>
  spawnSync(program, ["--version"]).error === undefined ? undefined : `${program} is not on the PATH; install the Debian package ${debianPackage}`;

export const redisServerMissing = lackOf("redis-server", "redis-server");

/** Runs what follows, and ends it when its own input ends: by us, or because the test run is no more. */
const untilInputEnds = 'exec 3<&0; "$0" "$@" & server=$!; exec 2>/dev/null; { read -r _ <&3; kill -9 "$server"; } >/dev/null & wait "$server"';

/** Nothing is kept on disk; one database, like ours. Throws when the program is absent or ends before it serves. */
export const startRedis = async (options: Readonly<Record<string, string>> = {}): Promise<RunningServer> => {
  if (redisServerMissing !== undefined) throw new Error(redisServerMissing);
  const reserved = await reservePort();
  const settings = { port: String(reserved.port), bind: "127.0.0.1", save: "", appendonly: "no", databases: "1", ...options };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn("sh", ["-c", untilInputEnds, "redis-server", ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const lines: string[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      createInterface(child.stdout).on("line", (line) => {
        lines.push(line);
        if (line.includes("Ready to accept connections")) resolve();
      });
      void ended.then(() => reject(new Error(`redis-server ended before it served: ${lines.slice(-5).join("\n")}`)), reject);
    });
  } catch (err) {
    child.stdin.end();
    reserved.release();
    throw err;
  }
  return {
    host: "127.0.0.1",
    port: reserved.port,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
      reserved.release();
    },
  };
};
