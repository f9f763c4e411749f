// Starts the responder as it is shipped: every metric, the sampled log, limits and expiry on.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryPlan } from "#contract/memory";
import { follow, launch, type Side } from "../harness/process.ts";
import type { HttpTarget } from "./node-programs.ts";

interface Address {
  readonly port: number;
}

export interface ResponderTarget extends HttpTarget {
  /** 0 when the Redis protocol is off. */
  readonly respPort: number;
  readonly metricsPort: number;
  /** Resolves with the next log line of this msg. */
  says(msg: string): Promise<Record<string, unknown>>;
}

const maxValueBytes = 2 ** 20;

export interface ResponderOptions {
  /** Default: as the resource has it. */
  readonly maxMemoryBytes?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** For what looks inside. */
  readonly nodeArgs?: readonly string[];
  readonly side?: Side;
}

/** As the operator starts it in a pod: bounds of V8's heap and glibc's threshold included. Entries get a TTL by default, so that expiry is at work. */
export const startResponder = async ({ maxMemoryBytes = 256 * 2 ** 20, env = {}, nodeArgs = [], side = "server" }: ResponderOptions = {}): Promise<ResponderTarget> => {
  const running = launch({
    side,
    command: process.execPath,
    args: [...memoryPlan({ maxMemoryBytes, maxValueBytes }).nodeArgs, ...nodeArgs, "responder/main.ts"],
    env: {
      NODE_ENV: "production",
      MALLOC_MMAP_THRESHOLD_: "65536",
      KVR_HTTP_PORT: "0",
      KVR_METRICS_PORT: "0",
      KVR_RESP_PORT: "0",
      KVR_DEFAULT_TTL: "3600",
      KVR_MAX_MEMORY: String(maxMemoryBytes),
      KVR_MAX_VALUE_BYTES: String(maxValueBytes),
      ...env,
    },
  });
  const says = follow(running);
  const { http, resp, management } = (await says("serving")) as { http: Address; resp?: Address; management: Address };
  return { name: "responder, instrumented", pids: [running.pid], port: http.port, respPort: resp?.port ?? 0, metricsPort: management.port, prefix: "/v1/kv/", says, stop: running.stop };
};

/** The same, asking for a token as it does in a pod. */
export const startGuarded = async (): Promise<ResponderTarget> => {
  const dir = mkdtempSync(join(tmpdir(), "bench-tokens-"));
  const token = randomBytes(32).toString("base64url");
  writeFileSync(join(dir, "token"), token);
  const target = await startResponder({ env: { KVR_TOKEN_DIR: dir } });
  return {
    ...target,
    name: "responder, instrumented, with a token",
    token,
    stop: async () => {
      await target.stop();
      rmSync(dir, { recursive: true });
    },
  };
};

/** The value of a series without labels, from a scrape. */
export const scraped = async (target: ResponderTarget, series: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${target.metricsPort}/metrics`)).text();
  const found = new RegExp(`^${series} (\\S+)$`, "m").exec(text)?.[1];
  if (found === undefined) throw new Error(`the responder exposes no ${series}`);
  return Number(found);
};
