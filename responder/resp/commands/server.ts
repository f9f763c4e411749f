// The server about itself: INFO, CONFIG, TIME, MEMORY.
import { absent } from "../../store/types.ts";
import { matchesGlob } from "../glob.ts";
import { readInteger } from "../numbers.ts";
import { redisVersion } from "../version.ts";
import type { Call, Command } from "./command.ts";
import { look } from "./entries.ts";
import { notInteger, syntaxError } from "./errors.ts";

const policyNames: Readonly<Record<string, string>> = { TinyLFU: "allkeys-lfu", LRU: "allkeys-lru", NoEviction: "noeviction" };
/** What an entry costs beside its bytes, roughly: index, columns and rounding. */
const entryOverhead = 48;

type Facts = Readonly<Record<string, string | number>>;

const sections: Readonly<Record<string, (call: Call) => Facts>> = {
  server: ({ server, store }) => {
    const uptime = Math.floor((store.now() - server.startedAt) / 1000);
    return {
      redis_version: redisVersion,
      redis_mode: "standalone",
      server_name: "kv-responder",
      kv_responder_version: server.identity.version,
      tenant: server.identity.tenant,
      os: `${process.platform} ${process.arch}`,
      arch_bits: 64,
      process_id: process.pid,
      tcp_port: server.port,
      uptime_in_seconds: uptime,
      uptime_in_days: Math.floor(uptime / 86_400),
    };
  },
  clients: ({ server }) => {
    const clients = [...server.clients()];
    return { connected_clients: clients.length, cluster_connections: 0, maxclients: server.maxClients, blocked_clients: clients.filter(({ isAsleep }) => isAsleep).length };
  },
  memory: ({ store, policy }) => {
    const { usedBytes, limitBytes } = store.stats();
    return { used_memory: usedBytes, used_memory_rss: process.memoryUsage.rss(), maxmemory: limitBytes, maxmemory_policy: policyNames[policy.evictionPolicy] ?? "noeviction" };
  },
  persistence: () => ({ loading: 0, rdb_changes_since_last_save: 0, rdb_bgsave_in_progress: 0, aof_enabled: 0 }),
  stats: ({ server: { counts }, store }) => {
    const { evictedForEntries, evictedForMemory, expirations } = store.stats();
    return {
      total_connections_received: counts.connections,
      total_commands_processed: counts.commands,
      rejected_connections: counts.rejected,
      expired_keys: expirations,
      evicted_keys: evictedForEntries + evictedForMemory,
    };
  },
  replication: () => ({ role: "master", connected_slaves: 0 }),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return { used_cpu_sys: (system / 1e6).toFixed(6), used_cpu_user: (user / 1e6).toFixed(6) };
  },
  cluster: () => ({ cluster_enabled: 0 }),
  keyspace: ({ store }): Facts => {
    const { entries, expiring } = store.stats();
    return entries === 0 ? {} : { db0: `keys=${entries},expires=${expiring},avg_ttl=0` };
  },
};

const info = (call: Call): void => {
  const { args, reply } = call;
  const asked = new Set(Array.from({ length: args.count - 1 }, (_, i) => args.word(i + 1)));
  const everything = asked.size === 0 || ["default", "all", "everything"].some((word) => asked.has(word));
  const parts = Object.entries(sections)
    .filter(([name]) => everything || asked.has(name))
    .map(([name, facts]) => {
      const lines = Object.entries(facts(call)).map(([key, value]) => `${key}:${value}\r\n`);
      const title = name === "cpu" ? "CPU" : name.charAt(0).toUpperCase() + name.slice(1);
      return `# ${title}\r\n${lines.join("")}`;
    });
  reply.verbatim(parts.join("\r\n"));
};

const settings = ({ store, policy, server }: Call): Facts => ({
  appendonly: "no",
  databases: 1,
  maxclients: server.maxClients,
  maxmemory: store.stats().limitBytes,
  "maxmemory-policy": policyNames[policy.evictionPolicy] ?? "noeviction",
  port: server.port,
  "proto-max-bulk-len": policy.maxValueBytes,
  save: "",
  timeout: 0,
});

const configGet = (call: Call): void => {
  const { args, reply } = call;
  const patterns = Array.from({ length: args.count - 2 }, (_, i) => Buffer.from(args.text(i + 2).toLowerCase()));
  const found = Object.entries(settings(call)).filter(([name]) => patterns.some((pattern) => matchesGlob(pattern, Buffer.from(name), 0, name.length)));
  reply.map(found.length);
  for (const [name, value] of found) {
    reply.text(name);
    reply.text(String(value));
  }
};

const resetStat = ({ server: { counts }, reply }: Call): void => {
  counts.connections = 0;
  counts.commands = 0;
  counts.rejected = 0;
  reply.ok();
};

const time = ({ reply, store }: Call): void => {
  const now = store.now();
  reply.array(2);
  reply.text(String(Math.floor(now / 1000)));
  reply.text(String((now % 1000) * 1000));
};

const usage = (call: Call): void => {
  const { args, store, reply } = call;
  // how many parts of a list are looked at: there are no lists
  for (let i = 3; i < args.count; i += 2) {
    if (args.word(i) !== "samples" || i + 1 >= args.count) return reply.error(syntaxError);
    const samples = readInteger(args.buffer(i + 1), args.from[i + 1] as number, args.to[i + 1] as number);
    if (Number.isNaN(samples)) return reply.error(notInteger);
    if (samples < 0) return reply.error(syntaxError);
  }
  const slot = look(call, 2);
  if (slot === absent) reply.nil();
  else reply.integer(store.keyBytes(slot) + store.valueBytes(slot) + entryOverhead);
};

const admin = ["admin", "noscript", "loading", "stale"] as const;

export const serverCommands: readonly Command[] = [
  {
    name: "info",
    arity: -1,
    flags: ["loading", "stale"],
    group: "server",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Get information and statistics about the server",
    difference: "A choice of the fields, and our own name, version and tenant under Server. /metrics has more.",
    run: info,
  },
  { name: "time", arity: 1, flags: ["loading", "stale", "fast"], group: "server", since: "2.6.0", complexity: "O(1)", summary: "Return the current server time", difference: "To the millisecond, and the time at which the command arrived.", run: time },
  {
    name: "config",
    arity: -2,
    flags: [],
    group: "server",
    since: "2.0.0",
    complexity: "Depends on subcommand",
    summary: "A container for server configuration commands",
    subcommands: [
      { name: "config|get", arity: -3, flags: admin, group: "server", since: "2.0.0", complexity: "O(N) when N is the number of configuration parameters provided", summary: "Get the values of configuration parameters", difference: "A few parameters that clients ask for.", run: configGet },
      {
        name: "config|set",
        arity: -4,
        flags: admin,
        group: "server",
        since: "2.0.0",
        complexity: "O(1)",
        summary: "Set configuration parameters to the given values",
        difference: "Always an error: the KVResponder resource is where settings are changed.",
        run: ({ reply }) => reply.error("ERR CONFIG SET is not supported; change the KVResponder resource"),
      },
      { name: "config|resetstat", arity: 2, flags: admin, group: "server", since: "2.0.0", complexity: "O(1)", summary: "Reset the stats returned by INFO", difference: "The counts of connections and commands; /metrics is not touched.", run: resetStat },
    ],
    run: () => {},
  },
  {
    name: "memory",
    arity: -2,
    flags: [],
    group: "server",
    since: "4.0.0",
    complexity: "Depends on subcommand",
    summary: "A container for memory diagnostics commands",
    subcommands: [
      { name: "memory|usage", arity: -3, flags: ["readonly"], group: "server", since: "4.0.0", complexity: "O(1)", summary: "Estimate the memory usage of a key", keys: { first: 2, last: 2, step: 1 }, difference: "Key and value and a fixed amount for the rest.", run: usage },
    ],
    run: () => {},
  },
];
