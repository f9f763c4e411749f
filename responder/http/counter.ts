// Adds to a value that is a decimal integer of 64 bits, as Redis's INCR does, so that both protocols share counters.
import { absent, type Slot, type Store } from "../store/types.ts";
import type { Precondition } from "../store/precondition.ts";
import { expiryOf, judgeWrite, writeAnswers, writeEntry, type EntryAnswer, type EntryRules } from "./entry.ts";

/** No sign but "-", no leading zero, no space: what INCR itself writes. */
const integer = /^(0|-?[1-9]\d{0,18})$/;
const maxDigits = 20;

const notAnInteger: EntryAnswer = { status: 409, error: "not_an_integer" };
const overflow: EntryAnswer = { status: 409, error: "overflow" };

const fits = (n: bigint) => BigInt.asIntN(64, n) === n;

/** undefined: the value is no such integer. */
const read = (store: Store, slot: Slot): bigint | undefined => {
  if (slot === absent) return 0n;
  const bytes = store.valueBytes(slot);
  if (bytes > maxDigits) return undefined;
  const text = Buffer.allocUnsafe(bytes);
  store.copyValue(slot, text, 0);
  const digits = text.toString("latin1");
  const n = integer.test(digits) ? BigInt(digits) : undefined;
  return n !== undefined && fits(n) ? n : undefined;
};

/** A counter that exists keeps its expiry and content type; `ttlSeconds` is for one that is made. `store.written` is its slot. */
export const increment = (
  store: Store,
  rules: EntryRules,
  key: Buffer,
  { by, ttlSeconds, condition }: { by: bigint; ttlSeconds: number | undefined; condition: Precondition | undefined },
): { readonly value: string } | EntryAnswer => {
  const slot = store.find(key, 0, key.length);
  if (!judgeWrite(store, slot, condition)) return writeAnswers.conflict;
  const before = read(store, slot);
  if (before === undefined) return notAnInteger;
  if (!fits(before + by)) return overflow;
  const value = String(before + by);
  const bytes = Buffer.from(value, "latin1");
  const expiresAt = slot === absent ? expiryOf(rules, ttlSeconds, store.now()) : store.expiresAt(slot);
  const contentType = slot === absent ? undefined : store.contentType(slot);
  const outcome = writeEntry(store, key, 0, key.length, bytes, 0, bytes.length, expiresAt, contentType, undefined);
  return outcome === "created" || outcome === "replaced" ? { value } : writeAnswers[outcome];
};
