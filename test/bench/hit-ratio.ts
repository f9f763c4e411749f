// Hit ratios of the store's policies against exact LRU, on made and recorded traces. Exact: the same seed gives the same figures everywhere.
import { atLeast, type Goal } from "./harness/goal.ts";
import { table, type Section } from "./harness/report.ts";
import { exactLru, storePlayer } from "./hit-ratio/simulate.ts";
import { recordedTrace, syntheticTraces, type Scale, type Trace } from "./hit-ratio/traces.ts";

const sizes = [0.01, 0.1] as const;

export interface HitRatios {
  readonly trace: string;
  /** Part of the keys that the cache holds. */
  readonly size: number;
  /** In percent. */
  readonly tinyLfu: number;
  readonly lru: number;
  readonly exactLru: number;
}

const [tinyLfu, lru] = [storePlayer("TinyLFU"), storePlayer("LRU")];

/** The first third of a trace fills the caches and is not counted. */
export const compareOn = (trace: Trace): HitRatios[] =>
  sizes.map((size) => {
    const [entries, from] = [Math.round(trace.keys * size), Math.floor(trace.requests.length / 3)];
    const percent = (player: typeof lru) => player(trace, entries, from) * 100;
    return { trace: trace.name, size, tinyLfu: percent(tinyLfu), lru: percent(lru), exactLru: percent(exactLru) };
  });

/** In points over exact LRU. */
export const hitRatioGoals = (ratios: readonly HitRatios[]): Goal[] =>
  ratios.map(({ trace, size, tinyLfu, exactLru }) => atLeast(`${trace}, cache ${size * 100} %: over exact LRU`, tinyLfu - exactLru, trace === "Zipf 0.9" && size === 0.01 ? 8 : 0, "points"));

export const fullScale: Omit<Scale, "seed"> = { keys: 1_000_000, requests: 3_000_000 };
const seeds = [1, 2, 3];

export const hitRatioBench = async (): Promise<Section> => {
  const rows = seeds.flatMap((seed) => syntheticTraces({ ...fullScale, seed }).flatMap((trace) => compareOn(trace).map((ratios) => ({ seed: String(seed), ...ratios }))));
  const recorded = compareOn(recordedTrace()).map((ratios) => ({ seed: "recorded", ...ratios }));
  const all = [...rows, ...recorded];
  return {
    name: "hit-ratio",
    title: "Hit ratio",
    setting: `A get for each request and a put after each miss, through the real store; ${fullScale.keys} keys and ${fullScale.requests} requests a trace, the recorded one 82416 and 500000; the first third is not counted; exact LRU is the lru-cache package. The same seed gives the same figures on every machine.`,
    goals: hitRatioGoals(all.filter(({ seed }) => seed === "1" || seed === "recorded")),
    body: table(
      ["trace", "seed", "cache holds", "TinyLFU %", "LRU %", "exact LRU %", "TinyLFU over exact LRU"],
      all.map(({ trace, seed, size, tinyLfu, lru, exactLru }) => [trace, seed, `${size * 100} %`, tinyLfu.toFixed(1), lru.toFixed(1), exactLru.toFixed(1), `${(tinyLfu - exactLru).toFixed(1)} points`]),
    ),
  };
};
