// Interleaved rounds: every target in every round, so that the machine's moods fall on all; medians are compared, and a control says whether to believe them.
import { cpuMicros } from "./cpu.ts";

/** A server under test. */
export interface Target {
  readonly name: string;
  /** Whose processor time is counted: the server and what works for it, never the load. */
  readonly pids: readonly number[];
  /** Throws when it did not do what it should have done in the rounds, which would make it cheaper. */
  verify?(): Promise<void>;
  stop(): Promise<void>;
}

/** What a load generator saw in one run. Latencies in milliseconds. */
export interface Load {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Round extends Load {
  /** Microseconds of server processor time for each request. */
  readonly cpu: number;
  /** Part of one core that the servers used: well below 1 means that the load generator was the bottleneck. */
  readonly busy: number;
}

export type Figure = "cpu" | "perSecond" | "p50" | "p99" | "busy";

export interface Result<T extends Target = Target> {
  readonly target: T;
  readonly rounds: readonly Round[];
  median(figure: Figure): number;
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const measured = async (target: Target, load: () => Promise<Load>): Promise<Round> => {
  const [cpuBefore, before] = [cpuMicros(target.pids), performance.now()];
  const seen = await load();
  const used = cpuMicros(target.pids) - cpuBefore;
  return { ...seen, cpu: used / seen.requests, busy: used / 1000 / (performance.now() - before) };
};

export interface Plan<T extends Target> {
  readonly targets: readonly T[];
  readonly rounds: number;
  /** Runs that are not counted, in which code is compiled; default 1. */
  readonly warmUps?: number;
  load(target: T): Promise<Load>;
}

/** The uncounted runs, then the rounds; every second one in reverse, so that no target always follows the same neighbour. */
export const runRounds = async <T extends Target>({ targets, rounds, warmUps = 1, load }: Plan<T>): Promise<Result<T>[]> => {
  const taken = targets.map(() => [] as Round[]);
  for (let run = 0; run < warmUps; run++) for (const target of targets) await load(target);
  for (let round = 0; round < rounds; round++) {
    const order = [...targets.keys()];
    for (const i of round % 2 ? order.toReversed() : order) {
      const target = targets[i];
      if (target) taken[i]?.push(await measured(target, () => load(target)));
    }
  }
  for (const target of targets) await target.verify?.();
  return targets.map((target, i) => ({ target, rounds: taken[i] ?? [], median: (figure) => median((taken[i] ?? []).map((round) => round[figure])) }));
};

/** `other` against `one` in each of these figures: 1 when nothing differs. */
export const ratios = (one: Result, other: Result, figures: readonly Figure[]): number[] => figures.map((figure) => other.median(figure) / one.median(figure));

/** How far the two equal servers may be apart; beyond it the machine was too noisy to compare anything. */
export const noise = 0.15;
const tries = 3;

export class TooNoisy extends Error {}

/** `attempt` until its controls agree within `noise`; three times at most, then TooNoisy. A control is a ratio that should be 1. */
export const quietly = async <R extends { readonly controls: readonly number[] }>(what: string, attempt: () => Promise<R>): Promise<R> => {
  for (let left = tries; ; left--) {
    const result = await attempt();
    const worst = Math.max(...result.controls.map((ratio) => Math.abs(ratio - 1)));
    if (worst <= noise) return result;
    const said = `${what}: equal servers differed by ${(worst * 100).toFixed(0)} %`;
    if (left === 1) throw new TooNoisy(`${said} in each of ${tries} tries; let the machine come to rest and run it again`);
    console.log(`${said}; again`);
  }
};

/** Stops all, also when one of them fails to. */
export const stopAll = async (targets: readonly { stop(): Promise<void> }[]): Promise<void> => {
  await Promise.allSettled(targets.map((target) => target.stop()));
};
