// What the records of each bucket come to in 64 bits, kept up to date with every write: two pods with equal digests hold the same versions.

/** A bucket is a range of hashes, the same at every pod of a tenant and in every table size. */
export const bucketCount = 4096;
const bucketShift = 20;
/** Hashes are signed, buckets follow their order. */
const sign = 1 << 31;

export const bucketOf = (hash: number): number => (hash ^ sign) >>> bucketShift;
/** The store's cursor at which a bucket begins. */
export const cursorOf = (bucket: number): number => bucket * 2 ** bucketShift;

/** Exclusive or of a mix of (hash, version): adding and taking away are the same, and the order does not matter. */
export class Digests {
  /** Two words a bucket. */
  readonly words = new Int32Array(bucketCount * 2);

  /** Counts a record in or out. The version is given as its column words; the rounds are the finaliser of MurmurHash3 (A. Appleby), once a word. */
  toggle(hash: number, msLow: number, msHighCounter: number, node: number): void {
    const at = bucketOf(hash) * 2;
    let h = Math.imul(hash ^ msLow, 0x85eb_ca6b);
    h = Math.imul(h ^ (h >>> 13) ^ msHighCounter, 0xc2b2_ae35);
    h = Math.imul(h ^ (h >>> 16) ^ node, 0x27d4_eb2f);
    h ^= h >>> 15;
    let g = Math.imul(h ^ msLow ^ 0x9e37_79b9, 0x1656_67b1);
    g = Math.imul(g ^ (g >>> 15) ^ node, 0x85eb_ca77);
    this.words[at]! ^= h;
    this.words[at + 1]! ^= g ^ (g >>> 13) ^ hash;
  }

  /** All buckets in two words. Not by exclusive or again: the same record in two buckets must not vanish. */
  root(): readonly [number, number] {
    let a = 0x811c_9dc5 | 0;
    let b = 0x9e37_79b9 | 0;
    for (const word of this.words) {
      a = Math.imul(a ^ word, 0x0100_0193);
      b = Math.imul(b ^ (a >>> 15) ^ word, 0x85eb_ca6b);
    }
    return [a, b];
  }

  clear(): void {
    this.words.fill(0);
  }
}
