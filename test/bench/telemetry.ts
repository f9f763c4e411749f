// What telemetry costs a GET: the same server with each part of it and without any, and the textbook stack beside them.
import { atLeast, atMost } from "./harness/goal.ts";
import type { Section } from "./harness/report.ts";
import { median, type Result } from "./harness/rounds.ts";
import { keys } from "./http.ts";
import { against, compareTelemetry, connections, load, overheadGoal, type TelemetryOptions } from "./telemetry/compare.ts";
import { whereItGoes } from "./telemetry/profile.ts";
import { tables } from "./telemetry/tables.ts";

const full = { parts: ["metrics", "metrics+logs", "metrics+traces", "all"], textbooks: [1, 0.01, "bare"], rounds: 9, warmUps: 4, seconds: 2, judgedBy: ["cpu"] } as const satisfies TelemetryOptions;

export const telemetryBench = async (): Promise<Section> => {
  const results = await compareTelemetry(full);
  const { nothing, parts, textbooks } = results;
  const [metrics, logs, traces, all] = parts;
  const [traced, sampled, hono] = textbooks;
  if (!metrics || !logs || !traces || !all || !traced || !sampled || !hono) throw new Error("a server has no result");
  const overhead = overheadGoal(results);
  const more = (part: Result) => median(against(nothing, part, "cpu").map((round) => round.more)).toFixed(2);
  const dearer = (textbook: Result) => textbook.median("cpu") / all.median("cpu");
  const profile = await whereItGoes(all, nothing[0], load(5));
  return {
    name: "telemetry",
    title: "What telemetry costs a GET hit",
    headline: `**All of it costs ${more(all)} us of processor time a request**, ${((overhead.measured / nothing[0].median("cpu")) * 100).toFixed(0)} % of a GET: metrics ${more(metrics)} us, metrics with logs ${more(logs)} us, metrics with traces ${more(traces)} us. That of the textbook stack costs ${(traced.median("cpu") - hono.median("cpu")).toFixed(0)} us; with 1 % traced, ${(sampled.median("cpu") - hono.median("cpu")).toFixed(0)} us.`,
    setting: `The responder's HTTP server alone. nothing: a recorder that does nothing. metrics: every one, and two scrapes a second. logs: one request in a hundred, to /dev/null. traces: 1 % real spans, sent in batches over OTLP/HTTP to a receiver on the load's core. Logs and traces are taken down by what counts, so each part is measured on top of the metrics. The textbook stack: hono, prom-client with labels, a pino line a request to /dev/null, OpenTelemetry's http instrumentation, the same scrapes; bare hono is the stack without them. wrk, ${connections} connections, four client headers, ${keys} keys in turn; ${full.rounds} interleaved rounds of ${full.seconds} s after ${full.warmUps} that are not counted. Over nothing: the difference to the mean of both servers without, within each round.`,
    goals: [
      overhead,
      atLeast("textbook stack, 100 % traced, against all of it, processor time a GET", dearer(traced), 10),
      atLeast("textbook stack, 1 % traced, against all of it, processor time a GET", dearer(sampled), 8),
      atMost("p99 of all of it against nothing (median of the ratios within each round)", median(against(nothing, all, "p99").map(({ times }) => times)), 1.2),
    ],
    body: [tables(results), profile].join("\n\n"),
  };
};
