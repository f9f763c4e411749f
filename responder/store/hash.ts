// Hashes keys under a secret seed, so that nobody who lacks it can choose keys that collide.

/** The hash of the bytes `from` to `to`, as a signed 32-bit integer. */
export type Hash = (bytes: Uint8Array, from: number, to: number) => number;

/**
 * HalfSipHash (Aumasson and Bernstein, 2012; the variant with 32-bit words), 32 bits out of a 64-bit seed. 1-3 rounds are what Linux uses for its hash tables;
 * the published vectors are for 2-4.
 */
export const createHash = (seed: Uint8Array, rounds = 1, finalRounds = 3): Hash => {
  if (seed.length !== 8) throw new RangeError("the hash seed has 8 bytes");
  const view = new DataView(seed.buffer, seed.byteOffset, 8);
  const k0 = view.getInt32(0, true);
  const k1 = view.getInt32(4, true);
  const [s2, s3] = [0x6c796765 ^ k0, 0x74656462 ^ k1];
  return (bytes, from, to) => {
    let v0 = k0;
    let v1 = k1;
    let v2 = s2;
    let v3 = s3;
    const tail = (to - from) & 3;
    const whole = to - tail;
    // what is left of the last word, under the length's low byte
    let last = (to - from) << 24;
    if (tail === 3) last |= (bytes[whole + 2]! << 16) | (bytes[whole + 1]! << 8) | bytes[whole]!;
    else if (tail === 2) last |= (bytes[whole + 1]! << 8) | bytes[whole]!;
    else if (tail === 1) last |= bytes[whole]!;
    for (let at = from; at <= whole; at += 4) {
      const word = at === whole ? last : bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      v3 ^= word;
      for (let r = 0; r < rounds; r++) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      v0 ^= word;
    }
    v2 ^= 0xff;
    for (let r = 0; r < finalRounds; r++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    return v1 ^ v3;
  };
};
