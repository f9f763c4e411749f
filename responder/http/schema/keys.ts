// The query and the answers of /v1/kv, the list of keys.
import { z } from "zod";
import { encoding, ttlOut, version } from "./fields.ts";

export const maxPage = 1_000;
const defaultPage = 100;

/** Opaque to clients: the store's position, which means the same at every pod of a tenant. */
const cursor = z.string().regex(/^[0-9a-f]{8}$/);

const limit = z
  .string()
  .regex(/^[1-9]\d{0,3}$/)
  .pipe(z.coerce.number<string>().int().min(1).max(maxPage));

/** Without the prefix, which is bytes and not text. */
export const listQuery = z.strictObject({ cursor: cursor.optional(), limit: limit.prefault(String(defaultPage)) });
export const deleteQuery = z.strictObject({});

const listedKey = z
  .strictObject({
    key: z.string(),
    keyEncoding: encoding,
    bytes: z.int().min(0).meta({ description: "Of the value." }),
    version,
    ttl: ttlOut.optional(),
  })
  .meta({ id: "ListedKey" });

export type ListedKey = z.output<typeof listedKey>;

export const listAnswer = z.strictObject({
  keys: z.array(listedKey).meta({ description: "In the order of their hashes. Can be fewer than the limit, none included, before the list is at its end." }),
  cursor: cursor.nullable().meta({ description: "For the next page, at any pod; null at the end." }),
});

export type ListAnswer = z.output<typeof listAnswer>;

export const deleteAnswer = z.strictObject({ deleted: z.int().min(0) });
