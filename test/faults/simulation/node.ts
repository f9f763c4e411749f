// One pod in the simulation: the store and the replication of the product, on virtual time and the simulated network.
import { createJournal } from "../../../responder/replication/journal.ts";
import { noObserver } from "../../../responder/replication/observer.ts";
import { createReplication, type ReplicationProcess } from "../../../responder/replication/replication.ts";
import { createStore } from "../../../responder/store/store.ts";
import { mergeOutcome, type EvictionPolicy, type Store } from "../../../responder/store/types.ts";
import type { Host, World } from "./world.ts";
import { startOfTime } from "./world.ts";
import { noTracing } from "#telemetry/tracing";

export interface NodeOptions {
  readonly world: World;
  readonly name: string;
  /** Of all pods of the tenant. */
  readonly names: readonly string[];
  readonly boot: number;
  readonly maxBytes: number;
  readonly evictionPolicy: EvictionPolicy;
  readonly retentionMs: number;
  readonly warmupMs: number;
  /** The same for two nodes: they find out and draw again. */
  readonly nodeId?: number;
  /** Told of every line of the log. */
  readonly onLog?: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

export interface Node {
  readonly name: string;
  readonly host: Host;
  readonly store: Store;
  readonly replication: ReplicationProcess;
  /** Milliseconds that its clock is ahead. */
  skewMs: number;
  /** It had no room for something that a peer sent. */
  readonly wasFull: boolean;
  /** Clients may talk to it: it is warm. */
  readonly isReady: boolean;
  sweep(): void;
}

const quiet = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} };
const hashSeed = Buffer.from("8 bytes!");
const peersPort = 7946;

export const startNode = ({ world, name, names, boot, maxBytes, evictionPolicy, retentionMs, warmupMs, nodeId, onLog = () => {} }: NodeOptions): Node => {
  const host = world.host(name);
  const skew = { ms: 0 };
  const full = { is: false };
  const now = () => startOfTime + Math.floor(world.now()) + skew.ms;
  const journal = createJournal();
  const node = nodeId ?? Math.floor(world.random() * 2 ** 32);
  const store = createStore({ maxBytes, evictionPolicy, hashSeed, now, node, replication: { journal, retentionMs, warming: true } });
  const timers = world.timers(host);
  const replication = createReplication({
    tracing: noTracing,
    store,
    journal,
    realm: { tenant: "t", cluster: "n/t" },
    identity: { uid: `uid-${name}`, boot: boot.toString(16).padStart(16, "0"), host: name, port: peersPort },
    node,
    key: Buffer.from("a secret"),
    source: { start: (tell) => tell(names.map((each) => ({ host: each, port: peersPort }))), stop: () => {} },
    network: world.network(host),
    clock: world.clock(host),
    timers,
    random: world.random,
    nonce: () => Buffer.from(Array.from({ length: 16 }, () => Math.floor(world.random() * 256))),
    defer: (run) => world.defer(host, run),
    log: { ...quiet, info: onLog },
    observer: {
      ...noObserver,
      received: (outcome) => {
        if (outcome === mergeOutcome.full) full.is = true;
      },
    },
    tick: () => {},
    load: () => 0,
    level: () => "local",
    warmupMs,
    expected: () => names.length - 1,
  });
  host.accept = replication.accept;
  replication.start();
  timers.every(50, () => void store.sweep(50));
  return {
    name,
    host,
    store,
    replication,
    get skewMs() {
      return skew.ms;
    },
    set skewMs(ms: number) {
      skew.ms = ms;
    },
    get wasFull() {
      return full.is;
    },
    get isReady() {
      return replication.warmup !== "warming";
    },
    sweep: () => void store.sweep(1000),
  };
};
