// The same question asked of the whole responder: sockets, protocol, sweeps and log included, while redis-benchmark churns a million entries.
import { resolve } from "node:path";
import { redisBenchmark } from "../harness/redis-benchmark.ts";
import { scraping } from "../http.ts";
import { scraped, startResponder } from "../peers/responder.ts";
import type { Stalls } from "./heartbeat.ts";

export interface ServerStalls extends Stalls {
  readonly entries: number;
}

const keyspace = 3_000_000;
const load = { pipeline: 16, connections: 32, keyspace, valueBytes: 100 } as const;

/** Two million SETs fill it, two million more at random churn it: most evict an entry. */
export const serverStalls = async (): Promise<{ fill: ServerStalls; churn: ServerStalls }> => {
  const target = await startResponder({
    side: "any",
    maxMemoryBytes: 192 * 2 ** 20,
    nodeArgs: ["--import", resolve(import.meta.dirname, "in-server.child.ts")],
  });
  const ask = async (): Promise<ServerStalls> => {
    const said = target.says("stalls");
    process.kill(target.pids[0] ?? 0, "SIGUSR2");
    return { ...((await said) as unknown as Stalls), entries: await scraped(target, "kv_entries") };
  };
  try {
    const set = () => scraping(target.metricsPort, () => redisBenchmark({ ...load, port: target.respPort, command: "SET", requests: 2_000_000 }));
    // the first scrape compiles what it runs, 20 ms of it: that is a start, not a churn
    await ask();
    await ask();
    await set();
    const fill = await ask();
    await set();
    return { fill, churn: await ask() };
  } finally {
    await target.stop();
  }
};
