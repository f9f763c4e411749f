// The body and the answer of POST /v1/kv/{key}/incr.
import { z } from "zod";
import { ttlIn } from "./fields.ts";

const error = "must be a whole number of 64 bits; beyond 2^53 as a string of digits";

/** JSON numbers are exact up to 2^53 only. */
const by = z
  .union([z.int({ error }), z.string().regex(/^(0|-?[1-9]\d{0,18})$/, { error })], { error })
  .transform(BigInt)
  .refine((n) => BigInt.asIntN(64, n) === n, { error });

export const incrRequest = z.strictObject({
  by: by.prefault(1).meta({ description: "What is added; negative to subtract. Beyond 2^53 as a string. Default 1." }),
  ttl: ttlIn.optional().meta({ description: "Seconds that a counter which this request creates will live; one that exists keeps its own." }),
});

export const incrAnswer = z.strictObject({ value: z.string().regex(/^(0|-?[1-9]\d*)$/).meta({ description: "The sum, as a string: it has up to 64 bits." }) });
