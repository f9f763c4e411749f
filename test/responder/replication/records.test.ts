// Records of one store as bytes, and as they come in at another; and what is no record.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameType, headerBytes } from "../../../responder/replication/frames.ts";
import { createRecord, readRecord, recordBytes, writeRecord } from "../../../responder/replication/records.ts";
import { FrameError } from "../../../responder/replication/wire.ts";
import { mergeOutcome } from "../../../responder/store/types.ts";
import { contentTypes, keys, u16, u32 } from "./arbitraries.ts";
import { createReplica } from "./replica.ts";

const valueHead = 21;

describe("there and back", () => {
  const content = fc.record({
    key: keys,
    value: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 200_000 }).map((length) => new Uint8Array(length).fill(length & 255))),
    contentType: contentTypes,
    ttlMs: fc.option(fc.integer({ min: 1, max: 2 ** 40 }), { nil: 0 }),
    kind: fc.constantFrom("value", "value", "deleted", "evicted" as const),
    counter: u16,
    node: u32,
    pad: fc.nat(5),
  });
  test("what is written from one store comes into another as it is: key, value, content type, expiry, version", () => {
    const [from, to] = [createReplica(), createReplica()];
    fc.assert(
      fc.property(content, ({ key, value, contentType, ttlMs, kind, counter, node, pad }) => {
        for (const { time } of [from, to]) time.now++;
        const expiresAt = ttlMs === 0 ? 0 : from.time.now + ttlMs;
        from.merge({ key, kind, version: { ms: from.time.now, counter, node }, value: Buffer.from(value), contentType, expiresAt });
        const slot = from.store.replica.locate(key, 0, key.length);
        expect(from.store.replica.kind(slot)).toBe(kind);
        const bytes = recordBytes(from.store, slot, kind);
        const target = Buffer.alloc(pad + bytes, 0xee);
        expect(writeRecord(from.store, slot, kind, target, pad)).toBe(target.length);
        expect(target.readUInt32BE(pad)).toBe(bytes - 4);
        const record = createRecord();
        readRecord(target[pad + 4]!, target, pad + headerBytes, target.length, record);
        expect(to.store.replica.merge(record)).toBe(mergeOutcome.applied);
        expect(to.shown(key)).toEqual(from.shown(key));
        if (kind === "value") expect(to.shown(key)).toMatchObject({ contentType, expiresAt, value: Buffer.from(value).toString("latin1") });
        expect(to.digests().equals(from.digests())).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

const value = ({ key = Buffer.from("k"), type = Buffer.alloc(0), content = Buffer.from("v"), keyBytes = key.length, typeBytes = type.length }: { key?: Buffer; type?: Buffer; content?: Buffer; keyBytes?: number; typeBytes?: number }) => {
  const head = Buffer.alloc(valueHead);
  head.writeUIntBE(1_700_000_000_000, 0, 6);
  head.writeUInt16BE(keyBytes, 18);
  head[20] = typeBytes;
  return Buffer.concat([head, key, type, content]);
};
const reading = (type: number, bytes: Buffer) => () => readRecord(type, bytes, 0, bytes.length, createRecord());

test.each([
  ["a value without a key", frameType.value, value({ key: Buffer.alloc(0) })],
  ["a value with a key of 513 bytes", frameType.value, value({ key: Buffer.alloc(513, 97) })],
  ["a value whose key is longer than the frame", frameType.value, value({ keyBytes: 300 })],
  ["a value whose content type is longer than the frame", frameType.value, value({ typeBytes: 200 })],
  ["a value of a version alone", frameType.value, Buffer.alloc(12)],
  ["a value that ends before its key", frameType.value, Buffer.alloc(valueHead)],
  ["a deletion without a key", frameType.deleted, Buffer.alloc(12)],
  ["a deletion of a key of 513 bytes", frameType.deleted, Buffer.alloc(12 + 513)],
  ["an eviction of nothing", frameType.evicted, Buffer.alloc(0)],
])("%s is a FrameError", (_, type, bytes) => expect(reading(type, bytes)).toThrow(FrameError));

test("a content type with any byte that HTTP would not take is refused: it would end a header field at the client", () => {
  for (let byte = 0; byte < 256; byte++) {
    for (const at of [0, 5, 9]) {
      const type = Buffer.from("text/plain");
      type[at] = byte;
      const read = reading(frameType.value, value({ type }));
      if (byte < 0x20 || byte > 0x7e) expect(read).toThrow(FrameError);
      else expect(read).not.toThrow();
    }
  }
  // the same bytes in key and value are anybody's
  expect(reading(frameType.value, value({ key: Buffer.from("a\r\nb"), content: Buffer.from("c\r\nd\0") }))).not.toThrow();
});

test("garbage is a record within its frame, or a FrameError", () => {
  const record = createRecord();
  let read = 0;
  fc.assert(
    fc.property(fc.constantFrom(frameType.value, frameType.deleted, frameType.evicted), fc.uint8Array({ maxLength: 80, size: "max" }), fc.boolean(), (type, given, isPlain) => {
      const bytes = Buffer.from(given);
      // most garbage names keys that are too long
      if (isPlain && bytes.length > 20) bytes.set([0, bytes[19]! & 15, bytes[20]! & 7], 18);
      try {
        readRecord(type, bytes, 0, bytes.length, record);
      } catch (err) {
        if (err instanceof FrameError) return;
        throw err;
      }
      read++;
      const places = [12, record.keyFrom, record.keyTo, record.valueFrom, record.valueTo, bytes.length];
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(record.keyTo).toBeGreaterThan(record.keyFrom);
    }),
    { numRuns: 20_000 },
  );
  expect(read).toBeGreaterThan(1_000);
});
