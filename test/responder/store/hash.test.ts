import fc from "fast-check";
import { expect, test } from "vitest";
import { createHash } from "../../../responder/store/hash.ts";

const seed = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]);

/** HalfSipHash-2-4 with 32-bit output of 00, 00 01, 00 01 02 ...: `vectors_hsip32` of the reference implementation (github.com/veorq/SipHash), in the order of the bytes. */
const vectors = [
  "a9359f5b 27475ab8 fa62a603 8afee704 2a6e4689 c5fab669 5863fc23 8bcf63c5 d0b8848f f806e779 94b07934 08083050 57f0872f 77e663ff d6fff87c 74fe2b97",
  "d9b5ac84 c474645b 465b8d9b 7befe387 e34d1045 613f62b3 70f367fe e6adb8bd 27400c63 26787875 4f567b5f 3ab0e669 b0644000 ff670fb4 509e338b 5d589f1a",
  "fee72112 33753259 6a434f8c fe28b729 e75cc6ec 697e8d54 63688b0f 650b62b4 b6bc1840 5d074505 2442fd2e 7bb7863a 7705d548 d75208b1 b6d499c8 0892202e",
].flatMap((line) => line.split(" "));

test("it is HalfSipHash: the published vectors", () => {
  const hash = createHash(seed, 2, 4);
  const input = Buffer.from(Array.from({ length: 64 }, (_, i) => i));
  const found = vectors.map((_, length) => {
    const word = Buffer.alloc(4);
    word.writeInt32LE(hash(input, 0, length));
    return word.toString("hex");
  });
  expect(found).toEqual(vectors);
});

test("it is the range that counts, not where it lies", () => {
  const hash = createHash(seed);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(9), fc.nat(9), (bytes, before, after) => {
      const within = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.alloc(after, 9)]);
      expect(hash(within, before, before + bytes.length)).toBe(hash(bytes, 0, bytes.length));
    }),
  );
});

test("another seed orders the keys anew", () => {
  const [a, b] = [createHash(seed), createHash(Buffer.alloc(8))];
  const keys = Array.from({ length: 100 }, (_, i) => Buffer.from(`key:${i}`));
  const order = (hash: typeof a) => keys.map((key, i) => [hash(key, 0, key.length), i] as const).sort(([x], [y]) => x - y).map(([, i]) => i);
  expect(order(a)).not.toEqual(order(b));
});

test("a seed of another length is refused", () => {
  expect(() => createHash(Buffer.alloc(7))).toThrow("8 bytes");
});
