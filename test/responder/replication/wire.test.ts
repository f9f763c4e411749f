// Fields as bytes and back, and what happens at the end of a frame.
import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameError, Reader, Writer } from "../../../responder/replication/wire.ts";
import { memberId, readIdentity, writeIdentity } from "../../../responder/peers/identity.ts";
import { identities, u16, u32, u48, u8, versions } from "./arbitraries.ts";

const readerOf = (bytes: Buffer, before = 0, after = 0) => new Reader(Buffer.concat([Buffer.alloc(before, 0xee), bytes, Buffer.alloc(after, 0xee)]), before, before + bytes.length);

const field = fc.oneof(
  u8.map((n) => ({ write: (w: Writer) => w.u8(n), read: (r: Reader): unknown => r.u8(), value: n as unknown })),
  u16.map((n) => ({ write: (w: Writer) => w.u16(n), read: (r: Reader): unknown => r.u16(), value: n as unknown })),
  u32.map((n) => ({ write: (w: Writer) => w.u32(n), read: (r: Reader): unknown => r.u32(), value: n as unknown })),
  u48.map((n) => ({ write: (w: Writer) => w.u48(n), read: (r: Reader): unknown => r.u48(), value: n as unknown })),
  u32.map((n) => ({ write: (w: Writer) => w.u32(n), read: (r: Reader): unknown => r.i32(), value: (n | 0) as unknown })),
  versions.map((v) => ({ write: (w: Writer) => w.version(v), read: (r: Reader): unknown => r.version(), value: v as unknown })),
  fc.uint8Array({ maxLength: 700 }).map((bytes) => ({ write: (w: Writer) => w.raw(bytes), read: (r: Reader): unknown => [...r.raw(bytes.length)], value: [...bytes] as unknown })),
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => ({ write: (w: Writer) => w.text(text), read: (r: Reader): unknown => r.text(), value: text as unknown })),
  identities.map((identity) => ({ write: (w: Writer) => writeIdentity(w, identity), read: (r: Reader): unknown => readIdentity(r), value: identity as unknown })),
);

test("fields are read as they were written, wherever the frame lies, and every shorter frame is a FrameError", () => {
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 12 }), fc.nat(9), fc.nat(9), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (fields, before, after, cut) => {
      const writer = new Writer(8);
      for (const { write } of fields) write(writer);
      const bytes = writer.take();
      const reader = readerOf(bytes, before, after);
      for (const { read, value } of fields) expect(read(reader)).toEqual(value);
      expect(reader.left).toBe(0);
      reader.done();
      if (bytes.length === 0) return;
      const short = readerOf(bytes.subarray(0, Math.floor(bytes.length * cut)), before, after);
      expect(() => {
        for (const { read } of fields) read(short);
      }).toThrow(FrameError);
    }),
    { numRuns: 2_000 },
  );
});

test("a frame that is longer than its fields is one too", () => {
  const reader = readerOf(Buffer.from([1, 2]));
  reader.u8();
  expect(() => reader.done()).toThrow(FrameError);
});

test("what was taken from a writer stays as it is when the writer goes on", () => {
  const writer = new Writer();
  const first = writer.u32(0x0102_0304).take();
  writer.u32(0x0506_0708);
  expect([...first]).toEqual([1, 2, 3, 4]);
  expect([...writer.take()]).toEqual([5, 6, 7, 8]);
});

test("a start of a pod has a name of its own", () => {
  expect(memberId({ uid: "0b5f", boot: "00a1b2c3d4e5f607" })).toBe("0b5f/00a1b2c3d4e5f607");
});
