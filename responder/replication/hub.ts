// What the links of one pod share.
import type { Clock, Timers } from "#lib/clock";
import type { Log } from "#telemetry/logger";
import type { Tracing } from "#telemetry/tracing";
import type { Identity } from "../peers/identity.ts";
import type { Member, Membership, Phase } from "../peers/membership.ts";
import type { Store } from "../store/types.ts";
import type { Waiters } from "./acks.ts";
import type { Realm, Refusal } from "./handshake.ts";
import type { Observer } from "./observer.ts";
import type { Reconciled } from "./reconciled.ts";

/** A version may be ahead of the receiver's clock by so much; others are not taken. */
export const maxAheadMs = 500;

export interface Hub {
  readonly realm: Realm;
  readonly key: Buffer;
  readonly store: Store;
  readonly clock: Clock;
  readonly timers: Timers;
  /** 0 to 1. */
  readonly random: () => number;
  /** 16 bytes that nobody can foresee. */
  readonly nonce: () => Buffer;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly observer: Observer;
  readonly members: Membership;
  readonly reconciled: Reconciled;
  readonly waiters: Waiters;
  /** Changes when another peer has the same node id. */
  identity(): Identity;
  redrawNode(): void;
  phase(): Phase;
  load(): number;
  /** Bytes have arrived: reads the store's clock. */
  tick(): void;
  /** By node id: up to which millisecond of versions we have taken in what that peer wrote. */
  readonly applied: Map<number, number>;
  /** Sends what is dirty, once in this turn of the event loop or in the next. */
  wake(): void;
  /** A record of a peer has come in: who is being warmed from here may not have it. */
  relay(slot: number): void;
}

/** What a link tells its owner. */
export interface LinkEvents {
  onReady(member: Member): void;
  onEnd(reason: string, refusal?: Refusal): void;
}
