// Who waits for peers to have what was written here.
import type { Timers } from "#lib/clock";
import type { Member } from "../peers/membership.ts";
import type { Acknowledgement, Replication } from "./port.ts";

/** More than this are told at once how things stand. */
const maxWaiters = 65_536;

interface Waiter {
  readonly position: number;
  readonly wanted: number;
  readonly done: (result: Acknowledgement) => void;
  readonly cancelTimer: () => void;
}

export interface Waiters extends Pick<Replication, "peers" | "acknowledged" | "wait"> {
  /** Something was acknowledged, or a peer came or went. */
  check(): void;
}

export interface WaitersDeps {
  readonly timers: Pick<Timers, "after">;
  /** Those that count: not while they are being warmed. */
  readonly members: () => readonly Member[];
}

export const createWaiters = ({ timers, members }: WaitersDeps): Waiters => {
  const waiting = new Set<Waiter>();

  const result = (position: number, wanted: number): Acknowledgement => {
    const all = members();
    let acknowledged = 0;
    for (const member of all) if (member.ackedChanges >= position && member.refusedChanges < position) acknowledged++;
    return { acknowledged, of: all.length, met: acknowledged >= Math.min(wanted, all.length) };
  };
  const settle = (waiter: Waiter, answer: Acknowledgement) => {
    if (!waiting.delete(waiter)) return;
    waiter.cancelTimer();
    waiter.done(answer);
  };

  return {
    peers: () => members().length,
    acknowledged: (position) => result(position, 0).acknowledged,
    wait: (position, wanted, timeoutMs, done) => {
      const now = result(position, wanted);
      if (now.met || waiting.size >= maxWaiters) {
        done(now);
        return () => {};
      }
      const waiter: Waiter = {
        position,
        wanted,
        done,
        cancelTimer: timers.after(timeoutMs, () => settle(waiter, result(position, wanted))),
      };
      waiting.add(waiter);
      return () => {
        if (waiting.delete(waiter)) waiter.cancelTimer();
      };
    },
    check: () => {
      for (const waiter of waiting) {
        const now = result(waiter.position, waiter.wanted);
        if (now.met) settle(waiter, now);
      }
    },
  };
};
