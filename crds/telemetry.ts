// spec.logging and spec.tracing: what the responder says of its own work.
import { z } from "zod";
import { matches, withRules } from "./rules.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;

/** Host names, in few characters: the CRD repeats it. */
export const host = "[A-Za-z0-9]+((-+|\\.)[A-Za-z0-9]+)*";
export const port = ":([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
export const traceEndpoint = {
  pattern: `^https?://${host}(${port})?(/[-A-Za-z0-9_./~]*)?$`,
  message: "must be a URL without credentials or query, for example http://jaeger-collector.observability:4318",
} as const;

const soon = "A change takes effect within a minute, without a restart.";

export const logging = z
  .object({
    level: z.enum(logLevels).default("info").meta({ description: `Least level that is logged. ${soon}` }),
    requests: z
      .object({
        sample: z
          .int32()
          .min(1)
          .max(1_000_000)
          .default(100)
          .meta({ description: `Of requests that are fast and fine, one in so many is logged, a hundred a second at most; 1 logs each, however many. Slow and failed ones always are. sampleRate in a line says how many it stands for. ${soon}` }),
        slowMs: z.int32().min(1).max(60_000).default(100).meta({ description: `A request that takes longer than so many milliseconds is slow. ${soon}` }),
        keyHash: z
          .boolean()
          .default(false)
          .meta({ description: `Whether request lines carry a salted hash of the key, which tells lines of one key from others and not the key. Keys and values are never logged. ${soon}` }),
      })
      .prefault({})
      .meta({ description: "Which requests are logged." }),
  })
  .prefault({})
  .meta({ description: "The responder's structured logs." });

export const tracing = z
  .object({
    endpoint: withRules(
      z.string().max(512),
      [matches(traceEndpoint.pattern, traceEndpoint.message)],
      { description: "Where spans go: the base URL of an OTLP/HTTP receiver, to which /v1/traces is added. Absent: there are no traces. A change rolls the pods." },
    ).optional(),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .meta({ description: `Part of the requests that get a span, 0 to 1. Slow and failed ones always do, and those whose caller asks for it, a hundred a second at most. ${soon}` }),
  })
  .prefault({})
  .meta({ description: "The responder's traces." });
