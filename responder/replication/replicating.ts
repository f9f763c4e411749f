// Spans of sampled writes on their way to one peer: from the write until the peer has acknowledged its record.
import type { PeerAddress } from "../peers/source.ts";
import type { TraceContext, Tracing } from "#telemetry/tracing";
import type { TracedWrite } from "./backlog.ts";

/** On their way at once; the records of more go without. */
const maxUnderWay = 256;

export interface Replicating {
  /** The record with this number goes out as part of the write's span. Returns what the peer is told of it; undefined: nothing. */
  begin(number: number, write: TracedWrite): TraceContext | undefined;
  /** Everything up to this number has been dealt with. */
  acknowledge(number: number): void;
  /** The peer did not take this one. */
  refused(number: number): void;
  lost(): void;
}

export const createReplicating = (tracing: Tracing, now: () => number, { host, port }: PeerAddress): Replicating => {
  const underWay: { readonly number: number; readonly write: TracedWrite; readonly context: TraceContext }[] = [];
  const attributes = { "network.peer.address": host, "network.peer.port": port };
  const end = (error?: string, [ended] = underWay.splice(0, 1)) => {
    if (!ended) return;
    const { context, write } = ended;
    tracing.record({ name: "replicate", kind: "producer", context, parent: write.context, startedAt: write.at, endedAt: now(), attributes, error });
  };
  return {
    begin: (number, write) => {
      if (underWay.length === maxUnderWay) return undefined;
      const context = tracing.begin(write.context);
      underWay.push({ number, write, context });
      return context;
    },
    acknowledge: (number) => {
      while (underWay[0] && underWay[0].number <= number) end();
    },
    refused: (number) => {
      const at = underWay.findIndex((each) => each.number === number);
      if (at >= 0) end("the peer's clock is behind, it takes the record later", underWay.splice(at, 1));
    },
    lost: () => {
      while (underWay.length > 0) end("the connection ended before the peer had acknowledged it");
    },
  };
};
