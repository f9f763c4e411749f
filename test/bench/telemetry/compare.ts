// Runs the server with parts of its telemetry beside two without any, and the textbook stack, in interleaved rounds.
import { atMost, type Goal } from "../harness/goal.ts";
import { median, quietly, ratios, runRounds, stopAll, type Figure, type Result, type Target } from "../harness/rounds.ts";
import { wrk } from "../harness/wrk.ts";
import { keys, putAll, scraping } from "../http.ts";
import { startComposition, startHono, startTextbook, type HttpTarget, type Telemetry } from "../peers/node-programs.ts";

export const connections = 32;

export interface TelemetryOptions {
  readonly parts: readonly Exclude<Telemetry, "nothing">[];
  /** Part of requests that the textbook stack traces; one server for each. bare: the stack without its telemetry. */
  readonly textbooks: readonly (number | "bare")[];
  readonly rounds: number;
  /** The textbook stack takes long to be compiled. */
  readonly warmUps: number;
  readonly seconds: number;
  /** The figures in which the control must agree. */
  readonly judgedBy: readonly Figure[];
}

export interface TelemetryResults {
  /** Two equal servers without any. */
  readonly nothing: readonly [Result, Result];
  readonly parts: readonly Result[];
  readonly textbooks: readonly Result[];
  readonly controls: readonly number[];
}

export const load = (seconds: number) => ({ port, prefix }: HttpTarget) => wrk({ port, prefix, keys, seconds, connections });

const attempt = async ({ parts, textbooks, rounds, warmUps, seconds, judgedBy }: TelemetryOptions): Promise<TelemetryResults> => {
  const started: HttpTarget[] = [];
  const add = async (starting: Promise<HttpTarget>, isFilled = true) => {
    const target = await starting;
    started.push(target);
    if (isFilled) await putAll(target);
    return target;
  };
  try {
    // those without on either side of those with, so that a machine that slows down favours neither
    const first = await add(startComposition("nothing"));
    for (const part of parts) await add(startComposition(part));
    const second = await add(startComposition("nothing", "nothing (control)"));
    // their answer is constant; their log goes where ours goes
    const silent = new Set<Target>([first, second]);
    for (const ratio of textbooks) {
      if (ratio === "bare") silent.add(await add(startHono(), false));
      else await add(startTextbook(ratio, "/dev/null"), false);
    }
    const run = load(seconds);
    const results = await runRounds({ targets: started, rounds, warmUps, load: (target) => (silent.has(target) ? run(target) : scraping(target.port, () => run(target))) });
    const [nothing, control] = [results[0], results[parts.length + 1]];
    if (!nothing || !control) throw new Error("a server has no result");
    return { nothing: [nothing, control], parts: results.slice(1, parts.length + 1), textbooks: results.slice(parts.length + 2), controls: ratios(nothing, control, judgedBy) };
  } finally {
    await stopAll(started);
  }
};

export const compareTelemetry = (options: TelemetryOptions): Promise<TelemetryResults> => quietly("telemetry", () => attempt(options));

/** For each round, against the mean of both servers without. */
export const against = ([one, other]: readonly [Result, Result], result: Result, figure: Figure): { readonly more: number; readonly times: number }[] =>
  result.rounds.map((round, i) => {
    const base = ((one.rounds[i]?.[figure] ?? Number.NaN) + (other.rounds[i]?.[figure] ?? Number.NaN)) / 2;
    return { more: round[figure] - base, times: round[figure] / base };
  });

const lowerQuartile = (result: Result): number => {
  const rounds = result.rounds.map(({ cpu }) => cpu).toSorted((a, b) => a - b);
  return rounds[Math.floor(rounds.length / 4)] ?? Number.NaN;
};

/**
 * What `make test` holds. Where others use the machine, rounds of one server differ by more than telemetry costs, and everything gets dearer by the same factor:
 * the lower quartiles, divided, came to 1.04 to 1.31, in quiet runs and in runs in which a GET cost three times as much. So this only notices what has become dear by half;
 * what the recorder costs by itself is held exactly by store.gates.test.ts, and `make bench-telemetry` judges by the goal in microseconds.
 */
export const overheadGate = ({ nothing: [one, other], parts }: TelemetryResults): Goal => {
  const all = parts.find(({ target }) => target.name === "all");
  const times = all ? (2 * lowerQuartile(all)) / (lowerQuartile(one) + lowerQuartile(other)) : Number.NaN;
  return atMost("processor time a GET with all of it, of one with nothing (lower quartiles)", times, 1.3, "x");
};

export const overheadGoal = ({ nothing, parts }: TelemetryResults): Goal => {
  const all = parts.find(({ target }) => target.name === "all");
  return atMost("processor time a GET, all of it over nothing (median of the differences within each round)", all ? median(against(nothing, all, "cpu").map(({ more }) => more)) : Number.NaN, 1.5, "us");
};
