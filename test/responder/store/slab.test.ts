import fc from "fast-check";
import { expect, test } from "vitest";
import { chunkHeaderBytes, pageBytesFor, Slab } from "../../../responder/store/slab.ts";
import { randomFrom } from "./random.ts";

interface Held {
  ref: number;
  bytes: number;
  fill: number;
}

test("chunks keep their bytes while pages are emptied, pooled, released and used again", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = randomFrom(seed);
      const slab = new Slab(2 ** 20);
      const held = new Map<number, Held>();
      let nextSlot = 0;
      const fillOf = ({ ref, bytes, fill }: Held) => slab.page(ref).subarray(slab.offset(ref), slab.offset(ref) + bytes - chunkHeaderBytes).every((byte) => byte === fill);
      const take = (bytes: number) => {
        const c = slab.classFor(bytes);
        expect(slab.sizes[c]!).toBeGreaterThanOrEqual(bytes);
        if (c > 0) expect(slab.sizes[c - 1]!).toBeLessThan(bytes);
        if (!slab.hasFree(c)) slab.addPage(c);
        const slot = nextSlot++;
        const chunk = { ref: slab.take(c, slot), bytes, fill: random(256) };
        slab.page(chunk.ref).fill(chunk.fill, slab.offset(chunk.ref), slab.offset(chunk.ref) + bytes - chunkHeaderBytes);
        held.set(slot, chunk);
      };
      const sizes = [16, 100, 120, 900, 3000, slab.maxChunkBytes];
      for (let round = 0; round < 12; round++) {
        const [size, count] = [sizes[random(sizes.length)]!, 20 + random(400)];
        for (let n = 0; n < count && slab.pages < 60; n++) take(Math.max(5, size - random(8)));
        for (const [slot, { ref }] of held) {
          if (random(3) === 0) continue;
          slab.free(ref);
          held.delete(slot);
        }
        while (random(8) > 0 && slab.compact((slot, ref) => void (held.get(slot)!.ref = ref)));
        if (random(2)) slab.release();
        for (const [slot, chunk] of held) {
          expect(slab.owner(chunk.ref)).toBe(slot);
          expect(fillOf(chunk)).toBe(true);
        }
      }
      // compacted to the end, no class has a page's worth of free chunks
      while (slab.compact((slot, ref) => void (held.get(slot)!.ref = ref)));
      const least = new Map<number, number>();
      for (const { ref } of held.values()) least.set(slab.classAt(ref), (least.get(slab.classAt(ref)) ?? 0) + 1);
      const pages = [...least].reduce((sum, [c, count]) => sum + Math.ceil(count / Math.floor((slab.pageBytes - 64) / slab.sizes[c]!)), 0);
      expect(slab.pages - slab.pooled).toBe(pages);
      for (const [, chunk] of held) {
        expect(fillOf(chunk)).toBe(true);
        slab.free(chunk.ref);
      }
      expect(slab.pages).toBe(slab.pooled);
      while (slab.release());
      expect(slab.pages).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test("classes waste at most an eighth of a chunk, the largest divide a page", () => {
  for (const maxBytes of [2 ** 20, 2 ** 26, 2 ** 30, 2 ** 36]) {
    const { sizes, pageBytes, maxChunkBytes } = new Slab(maxBytes);
    expect(pageBytes * 65_536).toBeGreaterThanOrEqual(Math.min(maxBytes, 2 ** 36));
    expect(maxChunkBytes).toBeGreaterThan(pageBytes / 4.1);
    for (const [i, size] of sizes.entries()) if (i > 0) expect(size).toBeGreaterThan(sizes[i - 1]!);
    for (const [i, size] of sizes.entries()) if (size > 144 && size * 8 < pageBytes) expect(size / sizes[i - 1]!).toBeLessThanOrEqual(1.14);
  }
  expect(pageBytesFor(2 ** 20)).toBe(16_384);
  expect(pageBytesFor(2 ** 28)).toBe(262_144);
});
