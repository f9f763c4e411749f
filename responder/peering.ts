// Replication of this process, from the configuration: with the peers that discovery finds, or with nobody.
import { randomBytes, randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { ResponderConfig } from "#contract/env";
import type { responderMetrics } from "#contract/metrics";
import type { ReplicationInfo } from "#contract/replication";
import type { RuntimeSettings } from "#contract/runtime";
import { systemClock, systemTimers } from "#lib/clock";
import type { Check } from "#lib/health";
import { deriveKey } from "#lib/peer-secret";
import type { TurnClock } from "#lib/turn-clock";
import type { Instruments } from "#telemetry/instruments";
import type { Logger } from "#telemetry/logger";
import type { Tracing } from "#telemetry/tracing";
import { createDnsPeers } from "./peers/dns.ts";
import { createDiscoveryReport } from "./peers/report.ts";
import { noPeers, type PeerSource } from "./peers/source.ts";
import { createStaticPeers } from "./peers/static.ts";
import { listenTcp, tcpNetwork, type PeerListener } from "./peers/tcp.ts";
import { createJournal } from "./replication/journal.ts";
import { replicationObserver } from "./replication/metrics.ts";
import { noReplication, type AckLevel, type Replication } from "./replication/port.ts";
import { createReplication, type ReplicationProcess } from "./replication/replication.ts";
import type { Store, StoreOptions } from "./store/types.ts";

const proofKeyBytes = 32;
/** While most peers' clocks differ, how often it is looked whether this one has been set right. */
const correctMs = 1_000;
const levels: Record<RuntimeSettings["ack"], AckLevel> = { Local: "local", One: "one", All: "all" };

export interface Peering {
  /** For the protocols. */
  readonly replication: Replication;
  readonly info: () => ReplicationInfo;
  readonly ready: Readonly<Record<string, Check>>;
  /** Looks for peers and listens for them. Rejects when the port cannot be had. */
  start(): Promise<PeerListener["address"] | undefined>;
  /** Hands over what peers lack, for at most so long; resolves with the number of records that nobody took. */
  leave(ms: number): Promise<number>;
}

export interface PeeringDeps {
  readonly config: ResponderConfig;
  readonly secret: Buffer;
  readonly node: number;
  readonly turn: TurnClock;
  readonly metrics: Instruments<typeof responderMetrics>;
  readonly log: Logger;
  readonly tracing: Tracing;
  /** As of the last reading. */
  readonly runtime: () => Pick<RuntimeSettings, "ack" | "replicas">;
}

/** What the store needs to be replicated; undefined: it is not. Made before the store, which `peering` then gets. */
export const createPeeringJournal = ({ replication, tombstoneRetentionSeconds }: ResponderConfig) => {
  if (replication === "None") return undefined;
  const journal = createJournal();
  return { journal, retentionMs: tombstoneRetentionSeconds * 1000, warming: true } satisfies NonNullable<StoreOptions["replication"]>;
};

const alone: Peering = {
  replication: noReplication,
  info: () => ({ mode: "None", expected: 0, connected: 0, warmup: "alone", clockAhead: false }),
  ready: {},
  start: () => Promise.resolve(undefined),
  leave: () => Promise.resolve(0),
};

/** How busy the event loop was since the last call, 0 to 1000. */
const createLoad = (): (() => number) => {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return Math.round(utilization * 1000);
  };
};

export const createPeering = (deps: PeeringDeps, store: Store, options: ReturnType<typeof createPeeringJournal>): Peering => {
  if (!options) return alone;
  const { config, secret, metrics, log, runtime } = deps;
  const report = createDiscoveryReport(log, systemClock);
  const counted = replicationObserver(metrics);
  const source = (): PeerSource => {
    if (config.peers !== undefined) return createStaticPeers(config.peers);
    if (config.peersService === undefined) return noPeers;
    return createDnsPeers({
      name: config.peersService,
      port: config.peersPort,
      clock: systemClock,
      timers: systemTimers,
      random: Math.random,
      observe: (result, seconds) => {
        metrics.kv_peer_discovery_total.inc({ result });
        if (result !== "failed") metrics.kv_peer_discovery_last_success_timestamp_seconds.set(systemClock.wall() / 1000);
        metrics.kv_peer_discovery_duration_seconds.observe(seconds);
      },
      onProblem: report.problem,
      onRecovered: report.recovered,
    });
  };
  let listener: PeerListener | undefined;
  /** Peers that the resource asks for; undefined: nobody has said. */
  const wanted = (): number | undefined => {
    const { replicas } = runtime();
    return replicas === undefined ? undefined : Math.max(0, replicas - 1);
  };
  const replication: ReplicationProcess = createReplication({
    store,
    journal: options.journal,
    realm: { tenant: config.tenant, cluster: `${config.namespace}/${config.name}` },
    identity: {
      uid: config.podUid ?? randomUUID(),
      boot: randomBytes(8).toString("hex"),
      host: config.podIp ?? (config.host === "*" ? "127.0.0.1" : config.host),
      // where the system has chosen it, it is known once it is listened on
      get port() {
        return listener?.address.port ?? config.peersPort;
      },
    },
    node: deps.node,
    key: deriveKey(secret, "peer proof", proofKeyBytes),
    source: report.follow(source()),
    network: tcpNetwork,
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    nonce: () => randomBytes(16),
    defer: setImmediate,
    log,
    tracing: deps.tracing,
    observer: {
      ...counted,
      refused: (reason) => {
        counted.refused(reason);
        report.refused(reason);
      },
    },
    tick: () => void deps.turn.tick(),
    load: createLoad(),
    level: () => levels[runtime().ack],
    warmupMs: config.warmupTimeoutSeconds * 1000,
    expected: wanted,
  });
  const expected = (): number => wanted() ?? replication.listed;
  metrics.kv_peers_expected.collect(expected);
  metrics.kv_peers_discovered.collect(() => replication.listed);
  metrics.kv_peers_connected.collect(() => replication.connected);
  metrics.kv_replication_queue_items.collect(() => replication.queued);
  metrics.kv_clock_ahead.collect(() => (replication.isAhead ? 1 : 0));
  for (const state of ["warming", "copied", "alone", "timedOut"] as const) metrics.kv_warmup_state.with({ state }).collect(() => (replication.warmup === state ? 1 : 0));

  return {
    replication,
    info: () => ({ mode: "Peers", expected: expected(), connected: replication.connected, warmup: replication.warmup, clockAhead: replication.isAhead }),
    ready: {
      warmup: () => (replication.warmup === "warming" ? "entries are being copied from a peer" : undefined),
      clock: () => (replication.isAhead ? "this pod's clock is more than 500 ms ahead of its peers', who do not take its writes; correct the clock of its node" : undefined),
    },
    start: async () => {
      listener = await listenTcp(config.host === "*" ? undefined : config.host, config.peersPort, replication.accept);
      replication.start();
      systemTimers.every(correctMs, () => {
        report.clock(replication.isAhead);
        if (replication.isAhead || replication.isBehind) deps.turn.correct();
      });
      return listener.address;
    },
    leave: async (ms) => {
      const left = await replication.leave(ms);
      listener?.close();
      return left;
    },
  };
};
