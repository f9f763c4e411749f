// Peers from the DNS records of a headless Service, asked for again and again.
import { promises } from "node:dns";
import { readFileSync } from "node:fs";
import type { Clock, Timers } from "#lib/clock";
import { addressSet, sameSet } from "./address-set.ts";
import { afterLookup, hostsOf, isDoubtful, nothingHeld } from "./last-good.ts";
import { lookUp, type Lookup, type PeerResolver } from "./lookup.ts";
import { delayMs } from "./pace.ts";
import { candidates, parseResolvConf } from "./resolv-conf.ts";
import type { PeerAddress, PeerSource } from "./source.ts";

export interface DnsPeers {
  /** The Service's name: relative ("kv-peers-production"), or absolute with a dot at its end. */
  readonly name: string;
  /** Of every peer: A and AAAA records carry none. */
  readonly port: number;
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Pick<Timers, "after">;
  /** 0 <= x < 1; for jitter. */
  readonly random: () => number;
  readonly resolver?: PeerResolver;
  /** Reads /etc/resolv.conf. */
  readonly resolvConf?: () => string;
  /** Told after each lookup. */
  readonly observe?: (result: Lookup["result"], seconds: number) => void;
  /** Called once for each new problem: what was found before stays in force. */
  readonly onProblem?: (err: Error) => void;
  /** The first lookup without one. */
  readonly onRecovered?: () => void;
}

/** Twice the most replicas of a tenant (16), in both families. More must be a mistake, or not ours. */
export const maxAddresses = 64;
/** Of one lookup, all names together. */
export const deadlineMs = 5_000;
/** Records of a new Service come late, and a DNS server remembers for a while that they were not there (kubernetes #92559). */
export const eagerMs = 30_000;

const systemResolver = (): PeerResolver => new promises.Resolver({ timeout: 1_000, tries: 3 });
const systemResolvConf = (): string => readFileSync("/etc/resolv.conf", "utf8");

export const createDnsPeers = (deps: DnsPeers): PeerSource => {
  const { name, port, clock, timers, random, resolver = systemResolver(), resolvConf = systemResolvConf, observe = () => {}, onProblem = () => {}, onRecovered = () => {} } = deps;
  let held = nothingHeld;
  let told: readonly PeerAddress[] | undefined;
  let problem: string | undefined;
  let startedAt = 0;
  let stopped = false;
  /** Ends what is waited for: the deadline of a lookup, or the start of the next. */
  let endWait = () => {};

  const names = (): readonly string[] => {
    const all = candidates(name, parseResolvConf(resolvConf()));
    const good = held.name === undefined ? -1 : all.indexOf(held.name);
    // what stands behind the good one is not asked: a wildcard record there would bring strangers whenever ours is missing for a moment
    return good === -1 ? all : all.slice(0, good + 1);
  };

  const lookUpNow = async (): Promise<Lookup> => {
    try {
      return await lookUp(resolver, names());
    } catch (error) {
      return { result: "failed", error };
    }
  };

  const report = (now: string | undefined, cause?: unknown): void => {
    if (now !== undefined && now !== problem) onProblem(new Error(now, { cause }));
    if (now === undefined && problem !== undefined) onRecovered();
    problem = now;
  };

  const round = async (onAddresses: (addresses: readonly PeerAddress[]) => void): Promise<void> => {
    const began = clock.monotonic();
    endWait = timers.after(deadlineMs, () => resolver.cancel());
    const lookup = await lookUpNow();
    endWait();
    if (stopped) return;
    const now = clock.monotonic();
    observe(lookup.result, (now - began) / 1_000);
    held = afterLookup(held, lookup);
    const eager = now - startedAt < eagerMs || isDoubtful(held);
    // before anybody is told who may stop this
    endWait = timers.after(delayMs({ failures: held.failures, eager, ttl: held.ttl }, random()), () => void round(onAddresses));
    if (lookup.result === "failed") return report(`resolve ${name}`, lookup.error);
    const all = addressSet(hostsOf(held).map((host) => ({ host, port })));
    report(all.length > maxAddresses ? `${name} has more than ${maxAddresses} addresses; the rest is left out` : undefined);
    // of the sorted set, so that every pod leaves out the same ones
    const set = all.slice(0, maxAddresses);
    if (told !== undefined && sameSet(told, set)) return;
    told = set;
    onAddresses(set);
  };

  return {
    start(onAddresses) {
      startedAt = clock.monotonic();
      void round(onAddresses);
    },
    stop() {
      stopped = true;
      endWait();
      resolver.cancel();
    },
  };
};
