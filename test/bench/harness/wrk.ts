// Runs wrk against one server and reads its report.
import { resolve } from "node:path";
import { output } from "./process.ts";
import type { Load } from "./rounds.ts";

const script = resolve(import.meta.dirname, "kv.lua");
const unit: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

export interface WrkOptions {
  readonly port: number;
  /** Put before each key: "/v1/kv/". */
  readonly prefix: string;
  readonly keys: number;
  readonly seconds: number;
  readonly connections: number;
  readonly token?: string | undefined;
}

const latency = (report: string, percentile: number): number => {
  const found = new RegExp(`^\\s+${percentile}%\\s+([\\d.]+)(us|ms|s|m)$`, "m").exec(report);
  if (!found) throw new Error(`wrk reported no ${percentile}th percentile:\n${report}`);
  return Number(found[1]) * (unit[found[2] ?? ""] ?? Number.NaN);
};

/** The key of each number, the same for whoever puts and whoever gets: 12 bytes. */
export const wrkKey = (i: number): string => `bench-${String(i).padStart(6, "0")}`;

/** Throws when any answer was not a success, because refusing is cheaper than answering. wrk takes whole seconds. */
export const wrk = async ({ port, prefix, keys, seconds, connections, token = "" }: WrkOptions): Promise<Load> => {
  const report = await output("load", "wrk", ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "-s", script, `http://127.0.0.1:${port}`, "--", prefix, String(keys), token]);
  const failed = /Non-2xx or 3xx responses: (\d+)/.exec(report) ?? /Socket errors: (.*[1-9].*)/.exec(report);
  if (failed) throw new Error(`wrk saw failures on port ${port}: ${failed[0]}`);
  const total = /(\d+) requests in/.exec(report)?.[1];
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(report)?.[1];
  if (total === undefined || rate === undefined) throw new Error(`wrk's report is not understood:\n${report}`);
  return { requests: Number(total), perSecond: Number(rate), p50: latency(report, 50), p99: latency(report, 99) };
};
