// Which pieces of work get a span: a part of all, those whose caller asks, and, when they are over, those that were slow or failed.
import { createTokenBucket } from "#lib/token-bucket";
import type { CallerContext } from "./trace-context.ts";

export interface TraceSampler {
  /** Whether work that begins now gets one. */
  samples(caller?: CallerContext): boolean;
  /** Whether work that was slow or failed gets one although it was not sampled when it began. */
  samplesLate(): boolean;
  /** Part of the work, 0 to 1. */
  setRatio(ratio: number): void;
}

/** Spans a second that callers and failures together may cause beyond the ratio: neither a header nor a bad day may cost the tenants their processor time. */
const askedPerSecond = 100;

export interface TraceSamplerDeps {
  readonly ratio: number;
  /** 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** One was asked for and not made. */
  readonly onThrottled: () => void;
}

export const createTraceSampler = ({ ratio, random, now, onThrottled }: TraceSamplerDeps): TraceSampler => {
  const bucket = createTokenBucket(now, askedPerSecond);
  /** Pieces of work until the next that is sampled: drawing the distance costs one logarithm a span instead of one random number each. */
  let left = Infinity;
  let logOfRest = 0;
  const draw = () => {
    if (logOfRest === 0) return Infinity;
    return logOfRest === -Infinity ? 0 : Math.floor(Math.log(1 - random()) / logOfRest);
  };
  const byRatio = () => {
    if (left-- > 0) return false;
    left = draw();
    return true;
  };
  const asked = () => {
    if (bucket.take()) return true;
    onThrottled();
    return false;
  };
  const setRatio = (part: number) => {
    logOfRest = Math.log(1 - part);
    left = draw();
  };
  setRatio(ratio);
  return {
    samples: (caller) => {
      if (caller === undefined) return byRatio();
      // who began the trace has decided
      return caller.sampled && (byRatio() || asked());
    },
    samplesLate: asked,
    setRatio,
  };
};
