// A peer: a redis primary and its replica, without persistence.
import type { Target } from "../harness/rounds.ts";
import { redisInfo } from "../harness/fill.ts";
import { startRedis } from "./programs.ts";

export interface RedisPair extends Target {
  readonly writePort: number;
  readonly readPort: number;
  readonly primary: number;
  readonly replica: number;
}

/** Resolves when the replica has caught up for the first time. */
export const startRedisPair = async (name = "redis, primary and replica"): Promise<RedisPair> => {
  // the delay waits for more replicas to come
  const primary = await startRedis("redis primary", "--repl-diskless-sync-delay", "0");
  // without a file in between
  const replica = await startRedis("redis replica", "--replicaof", "127.0.0.1", String(primary.port), "--repl-diskless-load", "on-empty-db");
  while (!(await redisInfo(replica.port, "replication")).includes("master_link_status:up")) await new Promise((again) => setTimeout(again, 50));
  return {
    name,
    pids: [...primary.pids, ...replica.pids],
    writePort: primary.port,
    readPort: replica.port,
    primary: primary.pids[0] ?? 0,
    replica: replica.pids[0] ?? 0,
    stop: async () => {
      await replica.stop();
      await primary.stop();
    },
  };
};
