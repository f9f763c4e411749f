// Alerts of objectives: the error budget and the latency budget go too fast (Google, The Site Reliability Workbook, chapter 5), and a count for those with too little traffic to have a ratio.
import type { Severity } from "#crds/alerts";
import { above, andOn, atLeast, increase, sum, unlessOn } from "#telemetry/promql";
import { subjectLabels } from "../subject.ts";
import { type Alert, type AlertInput, leastRate, type Query, title } from "./alert.ts";

/** Spends this part of a 30 days' budget in the long window; the short one ends the alert soon after the fault. */
export const windows = {
  Fast: [
    { long: "1h", short: "5m", factor: 14.4, for: "2m" },
    { long: "6h", short: "30m", factor: 6, for: "15m" },
  ],
  Slow: [
    { long: "1d", short: "2h", factor: 3, for: "1h" },
    { long: "3d", short: "6h", factor: 1, for: "3h" },
  ],
} as const;

type Speed = keyof typeof windows;

/** Without the last digits of binary fractions: 14.4 * 0.001 is 0.0144. */
const round = (n: number): number => Number(n.toPrecision(12));

/** The part that may fail, from the percentage that may not. */
export const budget = (percent: number): number => round(1 - percent / 100);

const burn =
  (ratio: "kvresponder:operations_failed:ratio" | "kvresponder:operations_slow:ratio", speed: Speed, percentOf: (input: AlertInput) => number) =>
  (input: AlertInput, { stored }: Query) =>
    windows[speed].map((window) => {
      const bound = round(window.factor * budget(percentOf(input)));
      const both = andOn(above(stored(ratio, { window: window.long }), bound), subjectLabels, above(stored(ratio, { window: window.short }), bound));
      // one error of a quiet tenant would spend the budget of a month
      return { window: window.long, for: window.for, expression: andOn(both, subjectLabels, above(stored("kvresponder:operations:avg_rate", { window: window.long }), leastRate)) };
    });

const severity: Readonly<Record<Speed, Severity>> = { Fast: "critical", Slow: "warning" };
const pace: Readonly<Record<Speed, string>> = { Fast: "fast: in two to five days nothing of it is left", Slow: "too fast to last for 30 days" };
/** In words, for docs/alerts.md. */
export const speedIn = (speed: Speed): string => windows[speed].map(({ factor, long, short }) => `${factor} times over ${long} and ${short}`).join(", or ");

const errors = (speed: Speed): Alert => ({
  severity: severity[speed],
  signal: "errors",
  when: `failed operations spend the error budget at a rate of more than ${speedIn(speed)}, with more than ${leastRate} operation a second`,
  summary: (i) => `${title(i)} spends its error budget ${pace[speed]} (over {{ $labels.window }})`,
  description: (i) => `{{ $value | humanizePercentage }} of the operations of ${title(i)} failed in the last {{ $labels.window }}; ${i.objectives.availability}% are promised to succeed.`,
  rules: burn("kvresponder:operations_failed:ratio", speed, (i) => i.objectives.availability),
});

const latency = (speed: Speed): Alert => ({
  severity: severity[speed],
  signal: "latency",
  when: `slow operations spend the latency budget at a rate of more than ${speedIn(speed)}, with more than ${leastRate} operation a second`,
  summary: (i) => `${title(i)} spends its latency budget ${pace[speed]} (over {{ $labels.window }})`,
  description: (i) => `{{ $value | humanizePercentage }} of the operations of ${title(i)} took longer than ${i.objectives.latency.threshold} in the last {{ $labels.window }}; ${i.objectives.latency.percent}% are promised to be faster.`,
  rules: burn("kvresponder:operations_slow:ratio", speed, (i) => i.objectives.latency.percent),
});

export const objectiveAlerts = {
  KVResponderErrorBudgetBurnFast: errors("Fast"),
  KVResponderErrorBudgetBurnSlow: errors("Slow"),
  KVResponderLatencyBudgetBurnFast: latency("Fast"),
  KVResponderLatencyBudgetBurnSlow: latency("Slow"),
  KVResponderErrors: {
    severity: "warning",
    signal: "errors",
    keepFiringFor: "5m",
    when: `so many operations failed in 15 minutes, at a tenant with no more than ${leastRate} operation a second`,
    summary: (i) => `Operations of ${title(i)} fail`,
    description: (i) => `Some {{ printf "%.0f" $value }} operations of ${title(i)} failed in the last 15 minutes. It has too little traffic for its error budget to tell.`,
    rules: (_, { q, stored, threshold }) => {
      const failed = sum(increase(q.counter("kv_operations_total", { result: "error" }), "15m"), subjectLabels);
      return [{ for: "0s", expression: unlessOn(atLeast(failed, threshold), subjectLabels, above(stored("kvresponder:operations:avg_rate", { window: "1h" }), leastRate)) }];
    },
  },
} as const satisfies Record<string, Alert>;
