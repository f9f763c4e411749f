// Keeps a connection to every address where a peer may be: those that discovery gives, those that peers tell, those that called us.
import type { Timers } from "#lib/clock";
import type { PeerAddress } from "./source.ts";

/** A connection under way or made. */
export interface Dialled {
  close(reason: string): void;
}

export interface DialEvents {
  /** The peer has proved who it is. */
  onReady(): void;
  /** self: the address is our own. doubled: another address led to the same peer. */
  onEnd(why: "self" | "doubled" | "failed"): void;
}

const firstRetryMs = 100;
const lastRetryMs = 500;
/** An address that nobody lists is given up after so many failures in a row. */
const triesUnlisted = 5;
const doubledMs = 10_000;
/** An address that has failed so often tells nothing more by failing again. */
const knownFailures = 2;
/** More addresses than any tenant has pods. */
const maxAddresses = 64;

interface Target {
  readonly address: PeerAddress;
  isListed: boolean;
  isSelf: boolean;
  isReady: boolean;
  /** It was reached once at least. */
  wasMet: boolean;
  dialled: Dialled | undefined;
  failures: number;
  cancelRetry: (() => void) | undefined;
}

export interface DiallerDeps {
  readonly timers: Pick<Timers, "after">;
  readonly random: () => number;
  readonly dial: (address: PeerAddress, events: DialEvents) => Dialled;
}

export interface Dialler {
  /** The whole set that discovery knows. */
  setListed(addresses: readonly PeerAddress[]): void;
  /** Somebody said that a peer is there. */
  suggest(address: PeerAddress): void;
  isListed(address: PeerAddress): boolean;
  /** Listed addresses that are not our own. */
  readonly listed: number;
  /** Somebody may be there whom we have never reached. */
  readonly hasStrangers: boolean;
  /** Discovery has answered, and each address was reached or has failed twice. */
  readonly isSettled: boolean;
  stop(): void;
}

const keyOf = ({ host, port }: PeerAddress): string => `${host} ${port}`;

export const createDialler = ({ timers, random, dial }: DiallerDeps): Dialler => {
  const targets = new Map<string, Target>();
  let hasAnswer = false;
  let isStopped = false;

  const forget = (target: Target) => {
    target.cancelRetry?.();
    targets.delete(keyOf(target.address));
  };
  const retry = (target: Target, ms: number) => {
    target.cancelRetry = timers.after(ms * (0.75 + random() / 2), () => connect(target));
  };
  const connect = (target: Target) => {
    if (isStopped || targets.get(keyOf(target.address)) !== target) return;
    target.cancelRetry = undefined;
    target.dialled = dial(target.address, {
      onReady: () => {
        target.isReady = true;
        target.wasMet = true;
        target.failures = 0;
      },
      onEnd: (why) => {
        target.dialled = undefined;
        target.isReady = false;
        if (why === "doubled") target.wasMet = true;
        if (why === "self") {
          target.isSelf = true;
          return;
        }
        target.failures++;
        if (!target.isListed && (why === "doubled" || target.failures >= triesUnlisted)) return forget(target);
        if (isStopped) return;
        // looked at again from time to time: the other address may go
        if (why === "doubled") target.failures = knownFailures;
        retry(target, why === "doubled" ? doubledMs : Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(target.failures, 8)));
      },
    });
  };
  const add = (address: PeerAddress, isListed: boolean) => {
    const known = targets.get(keyOf(address));
    if (known) {
      known.isListed ||= isListed;
      return;
    }
    if (targets.size >= maxAddresses || isStopped) return;
    const target: Target = { address, isListed, isSelf: false, isReady: false, wasMet: false, dialled: undefined, failures: 0, cancelRetry: undefined };
    targets.set(keyOf(address), target);
    connect(target);
  };

  return {
    setListed: (addresses) => {
      hasAnswer = true;
      for (const target of targets.values()) target.isListed = false;
      for (const address of addresses) add(address, true);
      // an address may come back as somebody else's
      for (const target of targets.values()) if (!target.isListed && target.isSelf) forget(target);
    },
    suggest: (address) => {
      const known = targets.get(keyOf(address));
      if (!known?.cancelRetry) return add(address, false);
      // its address was known before it was there, and we wait for the next try: a newcomer waits for our word
      known.cancelRetry();
      connect(known);
    },
    isListed: (address) => targets.get(keyOf(address))?.isListed ?? false,
    get listed() {
      return [...targets.values()].filter((target) => target.isListed && !target.isSelf).length;
    },
    get hasStrangers() {
      for (const target of targets.values()) if (target.isListed && !target.isSelf && !target.wasMet) return true;
      return !hasAnswer;
    },
    get isSettled() {
      return hasAnswer && [...targets.values()].every((target) => target.isReady || target.isSelf || target.failures >= knownFailures);
    },
    stop: () => {
      isStopped = true;
      for (const target of targets.values()) {
        target.cancelRetry?.();
        target.dialled?.close("stopping");
      }
    },
  };
};
