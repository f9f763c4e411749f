// Tells lines about one key from lines about others without telling the key: 64 bits under a secret salt.
import { createHash } from "../store/hash.ts";

export const keyHashSaltBytes = 16;

/** The salt is the tenant's, so that all its pods say the same. 16 hexadecimal digits. */
export const createKeyHash = (salt: Buffer): ((bytes: Uint8Array, from: number, to: number) => string) => {
  const [high, low] = [createHash(salt.subarray(0, 8), 2, 4), createHash(salt.subarray(8, keyHashSaltBytes), 2, 4)];
  const hex = (n: number) => (n >>> 0).toString(16).padStart(8, "0");
  return (bytes, from, to) => hex(high(bytes, from, to)) + hex(low(bytes, from, to));
};
