// Where the responder's processor time goes: V8's profile of each kind of load.
import { fill } from "./harness/fill.ts";
import { profileOf } from "./harness/profiled.ts";
import { redisBenchmark, redisBenchmarkKey } from "./harness/redis-benchmark.ts";
import { table, type Section } from "./harness/report.ts";
import { wrk } from "./harness/wrk.ts";
import { keys, putAll } from "./http.ts";
import { startResponder, type ResponderTarget } from "./peers/responder.ts";

const connections = 32;
const keyspace = 100_000;
const valueBytes = 100;
const shown = 14;

interface Kind {
  readonly name: string;
  prepare(target: ResponderTarget): Promise<unknown>;
  load(target: ResponderTarget): Promise<unknown>;
}

const resp = (command: "GET" | "SET", pipeline: number, requests: number): Kind => ({
  name: `${command}, pipeline ${pipeline}`,
  prepare: ({ respPort: port }) => fill({ port, entries: keyspace, key: redisBenchmarkKey, value: "x".repeat(valueBytes) }),
  load: ({ respPort: port }) => redisBenchmark({ port, command, pipeline, requests, keyspace, connections, valueBytes }),
});

const kinds: readonly Kind[] = [
  { name: "HTTP GET", prepare: putAll, load: ({ port, prefix }) => wrk({ port, prefix, keys, seconds: 5, connections }) },
  resp("GET", 1, 300_000),
  resp("SET", 1, 300_000),
  resp("GET", 16, 3_000_000),
  resp("SET", 16, 3_000_000),
];

export const profileBench = async (): Promise<Section> => {
  const tables: string[] = [];
  for (const kind of kinds) {
    const rows = (await profileOf({ start: startResponder, ...kind })).slice(0, shown).map(({ where, part }) => [`\`${where}\``, (part * 100).toFixed(1)]);
    tables.push(`### ${kind.name}\n\n${table(["function", "self time, % of busy"], rows)}`);
  }
  return {
    name: "profile",
    title: "Where the time goes",
    setting: "V8's sampling profile of the responder under each load, after a warm-up; functions by their own time. `(program)` is native code: the kernel's sockets, libuv, and copying.",
    goals: [],
    body: tables.join("\n\n"),
  };
};
