// Answers what an outcome refuses, and JSON where it succeeds.
import type { EntryAnswer } from "../entry.ts";
import { problem } from "../errors.ts";
import type { Exchange } from "../exchange.ts";

/** The problem that an outcome is; counts it. */
export const refuse = (exchange: Exchange, { error = "internal", detail, result, rejected }: EntryAnswer): Response => {
  if (result) exchange.result = result;
  if (rejected) exchange.rejected = rejected;
  return problem(error, { detail });
};

export const jsonAnswer = (exchange: Exchange, value: unknown, headers: Record<string, string> = {}): Response => {
  const text = `${JSON.stringify(value)}\n`;
  const bytes = Buffer.byteLength(text);
  exchange.bytes = exchange.method === "HEAD" ? 0 : bytes;
  return new Response(text, { status: 200, headers: { "content-type": "application/json", "content-length": String(bytes), ...headers } });
};
