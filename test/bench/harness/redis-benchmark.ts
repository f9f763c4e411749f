// Runs redis-benchmark against one server and reads its report.
import { output } from "./process.ts";
import type { Load } from "./rounds.ts";

export interface RedisBenchmarkOptions {
  readonly port: number;
  readonly command: "GET" | "SET";
  readonly pipeline: number;
  readonly requests: number;
  /** Keys are key:000000000000 up to this many. */
  readonly keyspace: number;
  readonly connections: number;
  readonly valueBytes: number;
}

/** The program's own form of a key: 16 bytes. */
export const redisBenchmarkKey = (i: number): string => `key:${String(i).padStart(12, "0")}`;

export const redisBenchmark = async ({ port, command, pipeline, requests, keyspace, connections, valueBytes }: RedisBenchmarkOptions): Promise<Load> => {
  const args = ["-h", "127.0.0.1", "-p", port, "-t", command.toLowerCase(), "-P", pipeline, "-n", requests, "-r", keyspace, "-c", connections, "-d", valueBytes, "--csv"];
  const csv = await output("load", "redis-benchmark", args.map(String));
  const [header, ...rows] = csv
    .split("\n")
    .filter((line) => line.startsWith('"'))
    .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "")));
  const row = rows.find((cells) => cells[0] === command);
  const number = (column: string): number => Number(row?.[header?.indexOf(column) ?? -1] ?? Number.NaN);
  const load = { requests, perSecond: number("rps"), p50: number("p50_latency_ms"), p99: number("p99_latency_ms") };
  if (!Object.values(load).every(Number.isFinite)) throw new Error(`redis-benchmark's report is not understood:\n${csv}`);
  return load;
};
