// What replication reports of itself; counted by whoever wants to.
import type { MergeOutcome } from "../store/types.ts";
import type { Refusal } from "./handshake.ts";

/** announce: a first message that says who we are. */
export type MessageKind = "announce" | "heartbeat" | "reply" | "leave";
export type Direction = "in" | "out";

export interface Observer {
  message(kind: MessageKind, direction: Direction): void;
  /** Records put on the wire. */
  sent(records: number): void;
  /** One that came: what became of it, and how long after it was written, in milliseconds. */
  received(outcome: MergeOutcome, lagMs: number): void;
  /** A key was written at both ends before they heard of each other: whose write it is now. */
  conflict(winner: "local" | "remote"): void;
  /** One that was too far ahead of our clock. */
  ahead(): void;
  /** A connection that was not let in, or that broke the protocol. */
  refused(reason: Exclude<Refusal, "self"> | "protocol"): void;
  /** Buckets that a comparison found to differ. */
  diverged(buckets: number): void;
}

export const noObserver: Observer = { message: () => {}, sent: () => {}, received: () => {}, conflict: () => {}, ahead: () => {}, refused: () => {}, diverged: () => {} };
