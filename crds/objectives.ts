// spec.monitoring.rules.objectives: what the tenant is promised. Burn-rate alerts and the dashboard measure against it.
import { z } from "zod";

/** Durations that a latency objective may name, in seconds: the bounds of the histogram's buckets, since nothing between two bounds can be told. */
export const latencyBounds = { "100us": 0.0001, "250us": 0.00025, "1ms": 0.001, "2.5ms": 0.0025, "5ms": 0.005, "10ms": 0.01, "25ms": 0.025, "50ms": 0.05, "100ms": 0.1, "500ms": 0.5 } as const;
export type LatencyBound = keyof typeof latencyBounds;

// below 95 the budget is so large that all that fails cannot spend it fast; beyond 99.999 the first failure in a hundred thousand alerts
const percent = (value: number, description: string) => z.number().min(95).max(99.999).default(value).meta({ description });

export const objectives = z
  .object({
    availability: percent(99.9, "Percent of operations, over both protocols, that do not fail by the cache's fault."),
    latency: z
      .object({
        percent: percent(99, "Percent of operations that take no longer than threshold."),
        threshold: z
          .enum(Object.keys(latencyBounds) as [LatencyBound, ...LatencyBound[]])
          .default("10ms")
          .meta({ description: "What an operation may take. One of the histogram's bounds, because time between two of them is not told apart." }),
      })
      .prefault({})
      .meta({ description: "How fast operations are to be." }),
  })
  .prefault({})
  .meta({ description: "What the tenant is promised, over 30 days. Alerts tell when the rest of the budget goes too fast." });

export type Objectives = z.output<typeof objectives>;
