// Peers that acknowledge what was written when a test says so, and never of themselves.
import type { Timers } from "#lib/clock";
import type { Acknowledgement, AckLevel, Replication } from "../../responder/replication/port.ts";

export interface FakePeersOptions {
  readonly peers?: number;
  readonly level?: AckLevel;
  /** Rises with each write. */
  readonly position: () => number;
  readonly timers: Timers;
}

export interface FakePeers extends Replication {
  setLevel(level: AckLevel): void;
  /** The first `count` of them have everything that was written so far. */
  acknowledge(count: number): void;
  /** Waits that are under way. */
  readonly waiting: number;
  /** Keys that were asked for, in order. */
  readonly fetched: readonly string[];
}

export const createFakePeers = ({ peers = 2, level = "local", position, timers }: FakePeersOptions): FakePeers => {
  let current = level;
  const held = Array.from({ length: peers }, () => -1);
  const looks = new Set<() => void>();
  const fetched: string[] = [];
  const acknowledged = (at: number) => held.filter((each) => each >= at).length;

  return {
    level: () => current,
    within: (_span, write) => write(),
    position,
    peers: () => peers,
    acknowledged,
    wait: (at, wanted, timeoutMs, done) => {
      const result = (): Acknowledgement => ({ acknowledged: acknowledged(at), of: peers, met: acknowledged(at) >= Math.min(wanted, peers) });
      const end = () => {
        cancel();
        done(result());
      };
      const look = () => {
        if (result().met) end();
      };
      const stop = timers.after(timeoutMs, end);
      const cancel = () => {
        stop();
        looks.delete(look);
      };
      looks.add(look);
      look();
      return cancel;
    },
    fetch: (key) => void fetched.push(key.toString("latin1")),
    setLevel: (next) => void (current = next),
    acknowledge: (count) => {
      held.fill(position(), 0, count);
      for (const look of looks) look();
    },
    get waiting() {
      return looks.size;
    },
    fetched,
  };
};
