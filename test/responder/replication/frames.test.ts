// However a stream is cut into chunks, the same frames come out of it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createDeframer, frame, headerBytes, maxFrameBytes } from "../../../responder/replication/frames.ts";
import { FrameError } from "../../../responder/replication/wire.ts";

const frames = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 12 });
const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 60 });

const deframe = (stream: Buffer, sizes: readonly number[]) => {
  const seen: [number, string][] = [];
  const deframer = createDeframer(
    (type, bytes, from, to) => void seen.push([type, bytes.toString("hex", from, to)]),
    () => true,
  );
  deframer.maxBytes = maxFrameBytes;
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    // a chunk of its own, as a socket gives it
    deframer.push(Buffer.from(stream.subarray(at, at + size)));
    at += size;
  }
  return { seen, held: deframer.held };
};

test("any cut gives the same frames and holds what is unfinished", () => {
  fc.assert(
    fc.property(frames, cuts, fc.uint8Array({ maxLength: 3 }), (all, sizes, rest) => {
      const whole = Buffer.concat([...all.map(([type, payload]) => frame(type, payload)), rest]);
      const { seen, held } = deframe(whole, sizes);
      expect(seen).toEqual(all.map(([type, payload]) => [type, Buffer.from(payload).toString("hex")]));
      expect(held).toBe(rest.length);
    }),
    { numRuns: 2_000 },
  );
});

test("a closed connection gets no further frame", () => {
  let seen = 0;
  const deframer = createDeframer(
    () => void seen++,
    () => seen < 2,
  );
  const three = Buffer.concat([frame(1), frame(2), frame(3)]);
  deframer.push(three.subarray(0, 3));
  deframer.push(three.subarray(3));
  expect(seen).toBe(2);
});

test.each([0, maxFrameBytes + 1])("a length of %i ends it, in one piece and in two", (length) => {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt32BE(length);
  for (const cut of [headerBytes, 2]) expect(() => deframe(bytes, [cut])).toThrow(FrameError);
});
