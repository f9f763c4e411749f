// What the protocols may ask of replication: whether peers have what was written here, and what they hold of a key.
import type { TraceContext } from "#telemetry/trace-context";

/** How many peers have to have a write before it is answered. */
export type AckLevel = "local" | "one" | "all";

export interface Acknowledgement {
  /** Peers that have everything up to the position. */
  readonly acknowledged: number;
  /** Peers that there are. */
  readonly of: number;
  /** Whether as many have as were wanted. */
  readonly met: boolean;
}

export interface Replication {
  /** For writes that do not say. Changes with the runtime settings. */
  level(): AckLevel;
  /** The place of the last write of this pod's clients; rises with each. */
  position(): number;
  /** Peers that acknowledge: those that have joined and been warmed, reachable or not. */
  peers(): number;
  /** Peers that have everything up to the position. Never too many; for a moment too few. */
  acknowledged(position: number): number;
  /**
   * Calls back once: when `wanted` peers have everything up to the position (more than there are: all of them), perhaps at once, or after `timeoutMs`.
   * Returns what ends the wait without a call.
   */
  wait(position: number, wanted: number, timeoutMs: number, done: (result: Acknowledgement) => void): () => void;
  /** Asks every peer for what it holds of the key; the answers come into the store like any record. */
  fetch(key: Buffer): void;
  /** What it writes belongs to the span: the peers' part in it shows as well. It must not wait for anything. */
  within<T>(span: TraceContext | undefined, write: () => T): T;
}

/** Of a pod that is alone for good. */
export const noReplication: Replication = {
  level: () => "local",
  position: () => 0,
  peers: () => 0,
  acknowledged: () => 0,
  wait: (_position, _wanted, _timeoutMs, done) => {
    done({ acknowledged: 0, of: 0, met: true });
    return () => {};
  },
  fetch: () => {},
  within: (_span, write) => write(),
};
