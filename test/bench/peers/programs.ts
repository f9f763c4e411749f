// Starts the peers that are programs of the distribution: redis, memcached, webdis.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepting, freePort, launch, type Running } from "../harness/process.ts";
import type { Target } from "../harness/rounds.ts";
import type { HttpTarget } from "./node-programs.ts";

export interface PortTarget extends Target {
  readonly port: number;
}

/** Reads and forgets what it prints, so that its pipe never fills. */
const silently = (running: Running): Running => {
  running.child.stdout?.resume();
  return running;
};

/** No persistence; everything else as the distribution has it. */
export const startRedis = async (name = "redis-server", ...more: string[]): Promise<PortTarget> => {
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", ...more];
  const running = silently(launch({ side: "server", command: "redis-server", args }));
  await accepting(port);
  return { name, pids: [running.pid], port, stop: running.stop };
};

/** `megabytes`: its memory limit; one worker thread, like the others. */
export const startMemcached = async (megabytes: number): Promise<PortTarget> => {
  const port = await freePort();
  const asUser = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const running = silently(launch({ side: "server", command: "memcached", args: ["-p", String(port), "-l", "127.0.0.1", "-m", String(megabytes), "-t", "1", ...asUser] }));
  await accepting(port);
  return { name: "memcached", pids: [running.pid], port, stop: running.stop };
};

/** webdis in front of a redis of its own, both on the server's core; the processor time of both counts. */
export const startWebdis = async (): Promise<HttpTarget & { readonly redisPort: number }> => {
  const redis = await startRedis();
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "bench-webdis-"));
  const settings = join(folder, "webdis.json");
  writeFileSync(
    settings,
    JSON.stringify({ redis_host: "127.0.0.1", redis_port: redis.port, http_host: "127.0.0.1", http_port: port, threads: 1, pool_size: 16, daemonize: false, database: 0, verbosity: 0, logfile: join(folder, "webdis.log") }),
  );
  const running = silently(launch({ side: "server", command: "webdis", args: [settings], mute: true }));
  await accepting(port);
  return {
    name: "webdis + redis",
    pids: [running.pid, ...redis.pids],
    port,
    prefix: "/GET/",
    redisPort: redis.port,
    stop: async () => {
      await running.stop();
      await redis.stop();
      rmSync(folder, { recursive: true });
    },
  };
};
