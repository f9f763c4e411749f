// Fields that several bodies have in common: bytes as text, times, versions, conditions.
import { maxTtlSeconds } from "#contract/env";
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { Precondition } from "../../store/precondition.ts";
import { parsePrecondition } from "../etag.ts";

export const encoding = z.enum(["utf8", "base64"]).meta({ description: "How bytes are written in JSON: as text when they are valid UTF-8, otherwise as base64 with padding." });
type Encoding = z.output<typeof encoding>;

/** undefined: text that no bytes have, such as half a surrogate pair, which would silently become another key. */
export const bytesOf = (text: string, as: Encoding): Buffer | undefined => {
  if (as === "utf8") return text.isWellFormed() ? Buffer.from(text) : undefined;
  const bytes = Buffer.from(text, "base64");
  // Node skips what it does not know
  return bytes.toString("base64") === text ? bytes : undefined;
};

export const textOf = (bytes: Buffer): { readonly text: string; readonly encoding: Encoding } =>
  isUtf8(bytes) ? { text: bytes.toString(), encoding: "utf8" } : { text: bytes.toString("base64"), encoding: "base64" };

const ttlError = `must be a whole number of seconds, 1 to ${maxTtlSeconds}`;
export const ttlIn = z.int({ error: ttlError }).min(1, { error: ttlError }).max(maxTtlSeconds, { error: ttlError });

export const ttlOut = z.int().min(1).meta({ description: "Whole seconds that are left, rounded up; absent: the entry does not expire." });
export const version = z.string().regex(/^[0-9a-f]{24}$/).meta({ description: "The entry's version: its ETag without the quotes." });

const bareVersion = /^[0-9a-f]{24}$/;

/** As in the header; a version may also come without quotes. undefined: it is neither. */
export const conditionOf = (ifMatch: string | undefined, ifNoneMatch: string | undefined): Precondition | undefined => {
  const quoted = (text: string | undefined) => (text !== undefined && bareVersion.test(text) ? `"${text}"` : text);
  return parsePrecondition(quoted(ifMatch), quoted(ifNoneMatch));
};
export const condition = z.string().max(4096, { error: "must have at most 4096 characters" }).meta({ description: "As the header of that name: *, or a list of ETags; one version may come without quotes." });
