// What full instrumentation costs a GET: the same server with its telemetry and without, in processor time.
import { atMost } from "./harness/goal.ts";
import { roundsTable, type Section } from "./harness/report.ts";
import { median, quietly, ratios, runRounds, stopAll, type Figure, type Result } from "./harness/rounds.ts";
import { wrk } from "./harness/wrk.ts";
import { keys, putAll, scraping } from "./http.ts";
import { startComposition, type HttpTarget } from "./peers/node-programs.ts";

const connections = 32;

export interface InstrumentationResults {
  readonly without: Result;
  readonly instrumented: Result;
  readonly control: Result;
  /** Median over the rounds of what a request costs more in the same round, in microseconds. */
  readonly overhead: number;
  readonly controls: readonly number[];
}

export const compareInstrumentation = (rounds: number, seconds: number, judgedBy: readonly Figure[]): Promise<InstrumentationResults> =>
  quietly("instrumentation", async () => {
    const targets: HttpTarget[] = [];
    try {
      targets.push(await startComposition("without"), await startComposition("with"), await startComposition("without", "without (control)"));
      for (const target of targets) await putAll(target);
      const run = ({ port, prefix }: HttpTarget) => wrk({ port, prefix, keys, seconds, connections });
      const [without, instrumented, control] = await runRounds({
        targets,
        rounds,
        warmUps: 2,
        load: (target) => (target === targets[1] ? scraping(target.port, () => run(target)) : run(target)),
      });
      if (!without || !instrumented || !control) throw new Error("a server has no result");
      const overhead = median(instrumented.rounds.map(({ cpu }, i) => cpu - (without.rounds[i]?.cpu ?? Number.NaN)));
      return { without, instrumented, control, overhead, controls: ratios(without, control, judgedBy) };
    } finally {
      await stopAll(targets);
    }
  });

export const instrumentationBench = async (): Promise<Section> => {
  const { without, instrumented, control, overhead } = await compareInstrumentation(15, 2, ["cpu"]);
  return {
    name: "instrumentation",
    title: "What instrumentation costs a GET hit",
    setting: `The responder's HTTP server alone, with every metric, the sampled log and two scrapes a second, and with a recorder that does nothing; wrk as above, 15 interleaved rounds of 2 s. Spans are not in it: this version makes none.`,
    goals: [atMost("full instrumentation, processor time a GET (median of the differences in each round)", overhead, 1.5, "us")],
    body: roundsTable([without, instrumented, control]),
  };
};
