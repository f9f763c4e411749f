// DNS peers that ask a real server on loopback through Node's own resolver, on time that the test drives.
import { promises } from "node:dns";
import { createDnsPeers, type DnsPeers } from "../../../responder/peers/dns.ts";
import type { PeerResolver } from "../../../responder/peers/lookup.ts";
import type { PeerAddress } from "../../../responder/peers/source.ts";
import { manualTime, settle } from "../../support/manual-time.ts";
import { startDnsServer, type RecordType, type Reply } from "./dns-server.ts";

export const service = "kv-peers-production.tenant-a.svc.cluster.local";
/** As the kubelet writes it, with a domain of the node's own at the end. */
export const podResolvConf = "search tenant-a.svc.cluster.local svc.cluster.local cluster.local corp.example\nnameserver 10.96.0.10\noptions ndots:5\n";

/** Replies by name, A records alone; a name that is not listed does not exist. */
export type Zone = Record<string, Reply>;

const fromZone =
  (zone: () => Zone) =>
  (name: string, type: RecordType): Reply => {
    const reply = zone()[name] ?? "NXDOMAIN";
    return type === "AAAA" && typeof reply === "object" ? { addresses: [] } : reply;
  };

interface Settings extends Partial<DnsPeers> {
  readonly reply?: (name: string, type: RecordType) => Reply;
  /** Node's: how long one try waits. */
  readonly timeout?: number;
}

export const startDnsPeers = async ({ reply, timeout = 60_000, ...deps }: Settings = {}) => {
  let zone: Zone = {};
  const server = await startDnsServer(reply ?? fromZone(() => zone));
  const real = new promises.Resolver({ timeout, maxTimeout: timeout, tries: 1 });
  // resolv.conf cannot name a port
  real.setServers([server.address]);
  const asked = new Set<Promise<unknown>>();
  const tracked = <T>(query: Promise<T>): Promise<T> => {
    asked.add(query);
    query.catch(() => {}).finally(() => asked.delete(query));
    return query;
  };
  const resolver: PeerResolver = {
    resolve4: (name, options) => tracked(real.resolve4(name, options)),
    resolve6: (name, options) => tracked(real.resolve6(name, options)),
    cancel: () => real.cancel(),
  };

  const time = manualTime();
  const results: string[] = [];
  const seconds: number[] = [];
  const problems: Error[] = [];
  const recovered: number[] = [];
  const sets: string[][] = [];
  const peers = createDnsPeers({
    name: "kv-peers-production",
    port: 7946,
    clock: time,
    timers: time,
    // no jitter
    random: () => 0.5,
    resolver,
    resolvConf: () => podResolvConf,
    observe: (result, took) => {
      results.push(result);
      seconds.push(took);
    },
    onProblem: (err) => problems.push(err),
    onRecovered: () => recovered.push(time.monotonic()),
    ...deps,
  });

  const note = (addresses: readonly PeerAddress[]): void => void sets.push(addresses.map(({ host }) => host));
  /** Until all questions have their answers and what follows from them is done. */
  const answered = async (): Promise<void> => {
    for (await settle(); asked.size > 0; await settle()) await Promise.allSettled(asked);
  };
  const pass = async (ms: number): Promise<void> => {
    const stepMs = 50;
    for (let passed = 0; passed < ms; passed += stepMs) {
      time.advance(Math.min(stepMs, ms - passed));
      if (asked.size > 0) await answered();
    }
  };
  return {
    server,
    time,
    results,
    seconds,
    problems,
    /** When lookups worked again. */
    recovered,
    /** Hosts of each call back. */
    sets,
    answered,
    becomes: (next: Zone) => void (zone = next),
    start: async (onAddresses = note): Promise<void> => {
      peers.start(onAddresses);
      await answered();
    },
    /** Starts without waiting for an answer. */
    begin: () => peers.start(note),
    /** Questions without an answer. */
    unanswered: () => asked.size,
    stop: () => peers.stop(),
    /** Moves on, and lets each lookup that falls due end at its own time. */
    pass,
    /** How many end in that time. */
    lookups: async (ms: number): Promise<number> => {
      const before = results.length;
      await pass(ms);
      return results.length - before;
    },
    /** What is asked while `run` runs, each name once. */
    namesAsked: async (run: () => Promise<void>): Promise<string[]> => {
      const before = server.questions.length;
      await run();
      return [...new Set(server.questions.slice(before).map((question) => question.name))];
    },
    close: async (): Promise<void> => {
      peers.stop();
      await answered();
      await server.close();
    },
  };
};

export type DnsPeersUnderTest = Awaited<ReturnType<typeof startDnsPeers>>;
