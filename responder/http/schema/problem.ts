// The body of every error (RFC 9457).
import { z } from "zod";
import { errors, type ErrorCode } from "../errors.ts";

export const errorCode = z.enum(Object.keys(errors) as [ErrorCode, ...ErrorCode[]]);

export const problemSchema = z.strictObject({
  title: z.string().meta({ description: "What this code means; may be worded better in another version." }),
  status: z.int().min(400).max(599),
  code: errorCode.meta({ description: "Stable: programs may switch on it." }),
  detail: z.string().optional().meta({ description: "What is wrong with this very request; never a key or a value." }),
  answer: z.looseObject({}).optional().meta({ description: "With not_acknowledged: the body that the request would have been answered with, since it was done." }),
});
