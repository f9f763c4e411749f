// Reads an entry where it lies: its bytes, lengths, version.
import { coldMsHighCounter, coldMsLow, coldNode, coldWords, hotMeta, hotRef, hotValueBytes, hotWords, isOwn, keyBytesOf, maxTypeBytes, typeBytesOf } from "./columns.ts";
import type { State } from "./state.ts";
import type { Store } from "./types.ts";

/** Up to here a loop beats the native copy (about 40 ns flat). */
const shortBytes = 24;
const digits = Buffer.from("0123456789abcdef");

const copy = (source: Buffer, from: number, count: number, target: Buffer, at: number): number => {
  if (count > shortBytes) source.copy(target, at, from, from + count);
  else for (let i = 0; i < count; i++) target[at + i] = source[from + i]!;
  return at + count;
};

/** The lowest `count` hex digits of a word. */
const writeHex = (word: number, count: number, target: Buffer, at: number): number => {
  for (let i = 0; i < count; i++) target[at + i] = digits[(word >>> ((count - 1 - i) * 4)) & 15]!;
  return at + count;
};

type EntryReader = Pick<Store, "keyBytes" | "copyKey" | "valueBytes" | "copyValue" | "borrowValue" | "contentType" | "expiresAt" | "version" | "copyVersion" | "writeVersion">;

export const createEntryReader = ({ columns, slab, own }: State): EntryReader => {
  // a tenant uses few content types: the last one of each length is not decoded again
  const types: { text: string; bytes: Buffer }[] = Array.from({ length: maxTypeBytes + 1 }, (_, length) => ({ text: "\0".repeat(length), bytes: Buffer.alloc(length) }));

  const isSame = (a: Buffer, b: Buffer, from: number) => {
    for (let i = 0; i < a.length; i++) if (a[i] !== b[from + i]) return false;
    return true;
  };

  return {
    keyBytes: (slot) => keyBytesOf(columns.hot[slot * hotWords + hotMeta]!),
    copyKey: (slot, target, at) => {
      const ref = columns.hot[slot * hotWords + hotRef]!;
      return copy(slab.page(ref), slab.offset(ref), keyBytesOf(columns.hot[slot * hotWords + hotMeta]!), target, at);
    },
    valueBytes: (slot) => columns.hot[slot * hotWords + hotValueBytes]!,
    copyValue: (slot, target, at, from = 0, count = columns.hot[slot * hotWords + hotValueBytes]! - from) => {
      const meta = columns.hot[slot * hotWords + hotMeta]!;
      if (isOwn(meta)) return copy(own.get(slot), from, count, target, at);
      const ref = columns.hot[slot * hotWords + hotRef]!;
      return copy(slab.page(ref), slab.offset(ref) + keyBytesOf(meta) + typeBytesOf(meta) + from, count, target, at);
    },
    borrowValue: (slot) => (isOwn(columns.hot[slot * hotWords + hotMeta]!) ? own.borrow(slot) : undefined),
    contentType: (slot) => {
      const meta = columns.hot[slot * hotWords + hotMeta]!;
      const length = typeBytesOf(meta);
      if (length === 0) return undefined;
      const ref = columns.hot[slot * hotWords + hotRef]!;
      const page = slab.page(ref);
      const from = slab.offset(ref) + keyBytesOf(meta);
      const known = types[length]!;
      if (!isSame(known.bytes, page, from)) {
        page.copy(known.bytes, 0, from, from + length);
        known.text = known.bytes.toString("latin1");
      }
      return known.text;
    },
    expiresAt: (slot) => columns.expiry[slot * 4 + 2]!,
    version: (slot) => {
      const at = slot * coldWords;
      const mixed = columns.cold[at + coldMsHighCounter]!;
      return { ms: (mixed >>> 16) * 2 ** 32 + (columns.cold[at + coldMsLow]! >>> 0), counter: mixed & 0xffff, node: columns.cold[at + coldNode]! >>> 0 };
    },
    copyVersion: (slot, target, at) => {
      const cold = slot * coldWords;
      const mixed = columns.cold[cold + coldMsHighCounter]!;
      target.writeUInt16BE(mixed >>> 16, at);
      target.writeInt32BE(columns.cold[cold + coldMsLow]!, at + 2);
      target.writeUInt16BE(mixed & 0xffff, at + 6);
      return target.writeInt32BE(columns.cold[cold + coldNode]!, at + 8);
    },
    writeVersion: (slot, target, at) => {
      const cold = slot * coldWords;
      const mixed = columns.cold[cold + coldMsHighCounter]!;
      const low = writeHex(columns.cold[cold + coldMsLow]!, 8, target, writeHex(mixed >>> 16, 4, target, at));
      return writeHex(columns.cold[cold + coldNode]!, 8, target, writeHex(mixed & 0xffff, 4, target, low));
    },
  };
};
