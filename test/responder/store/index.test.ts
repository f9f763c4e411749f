import fc from "fast-check";
import { expect, test } from "vitest";
import { Discards } from "../../../responder/store/discards.ts";
import { HashIndex } from "../../../responder/store/index.ts";
import { randomFrom, type Random } from "./random.ts";

/** How hashes may lie: even, in few heaps, all at an end. */
const shapes: Record<string, (random: Random) => number> = {
  even: (random) => random(2 ** 32) - 2 ** 31,
  "in heaps": (random) => (random(8) << 29) + random(5),
  "at the end": (random) => 2 ** 31 - 1 - random(6),
  "at the start": (random) => -(2 ** 31) + random(6),
  mixed: (random) => (random(2) ? random(2 ** 32) - 2 ** 31 : 0x4000_0000),
};

const slotsOf = (index: HashIndex, hash: number): number[] => {
  const slots: number[] = [];
  const cells = index.table(hash);
  let i = index.seek(hash);
  if (i < 0) return slots;
  for (; cells[i] !== 0 && cells[i + 1] === hash; i += 2) slots.push(cells[i]! - 1);
  return slots;
};

test.each(Object.entries(shapes))("hashes %s: what was inserted is found, in tables that grow, shrink and move at any time", (_, draw) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), (seed, speed) => {
      const random = randomFrom(seed);
      const index = new HashIndex(8);
      const hashes = new Map<number, number>();
      let next = 0;
      let scan: { cursor: number; required: Set<number>; seen: Map<number, number> } | undefined;
      for (let n = 0; n < 600; n++) {
        // grows in the first half of the run, shrinks in the second
        if (random(10) < (n < 300 ? 7 : 3)) {
          const hash = hashes.size > 0 && random(4) === 0 ? [...hashes.values()][random(hashes.size)]! : draw(random);
          index.insert(hash, next);
          hashes.set(next++, hash);
        } else if (hashes.size > 0) {
          const slot = [...hashes.keys()][random(hashes.size)]!;
          index.remove(hashes.get(slot)!, slot);
          hashes.delete(slot);
          scan?.required.delete(slot);
        }
        if (index.growing) index.migrate(random(speed + 1));
        else if (index.isPressing || random(5) === 0) index.grow();
        if (index.count !== hashes.size) throw new Error(`${index.count} entries instead of ${hashes.size}`);

        scan ??= { cursor: 0, required: new Set(hashes.keys()), seen: new Map() };
        const { required, seen, cursor } = scan;
        scan.cursor = index.scan(cursor, (slot) => {
          if (!hashes.has(slot)) throw new Error(`slot ${slot} was removed`);
          seen.set(slot, (seen.get(slot) ?? 0) + 1);
        });
        if (scan.cursor !== 0) expect(scan.cursor).toBeGreaterThan(cursor);
        else {
          expect([...required].filter((slot) => seen.get(slot) !== 1)).toEqual([]);
          scan = undefined;
        }
        if (n % 10 > 0) continue;
        for (const [slot, hash] of hashes) if (!slotsOf(index, hash).includes(slot)) throw new Error(`slot ${slot} is lost after ${n} operations`);
        expect(index.seek(draw(random) ^ 0x0800_0000)).toBeLessThanOrEqual(index.bytes);
        expect([...index.entries()].length).toBe(hashes.size);
      }
    }),
    { numRuns: 12 },
  );
});

test("a table in the making takes no more memory than it says, and an old one gives all back", () => {
  const index = new HashIndex(64);
  const random = randomFrom(1);
  const [even] = Object.values(shapes);
  for (let slot = 0; slot < 5000; slot++) {
    index.insert(even!(random), slot);
    if (index.growing) index.migrate(16);
    else if (index.wantedBytes > 0) {
      const expected = index.bytes + index.wantedBytes;
      index.grow();
      expect(index.bytes).toBe(expected);
    }
  }
  while (index.growing) index.migrate(100);
  expect(index.bytes / 5000).toBeLessThan(16);
  const discards = new Discards();
  index.clear(discards);
  expect(discards.bytes).toBeGreaterThan(50_000);
  while (discards.release());
  expect(discards.bytes).toBe(0);
  expect(index.bytes).toBe(new HashIndex(64).bytes);
});

test("a scan passes from the new table to the old one wherever growth stands", () => {
  for (let cells = 0; cells < 6000; cells += 97) {
    const random = randomFrom(cells);
    const index = new HashIndex(4096);
    let slot = 0;
    while (index.wantedBytes === 0) index.insert(shapes["even"]!(random), slot++);
    index.grow();
    index.migrate(cells);
    const seen = new Set<number>();
    let cursor = 0;
    do cursor = index.scan(cursor, (slot) => void seen.add(slot));
    while (cursor !== 0);
    expect(seen.size).toBe(slot);
  }
});

test("a cursor means the same in a table of another size", () => {
  const random = randomFrom(3);
  const hashes = Array.from({ length: 3000 }, () => shapes["even"]!(random));
  const [small, large] = [new HashIndex(4096), new HashIndex(65_536)];
  for (const [slot, hash] of hashes.entries()) {
    small.insert(hash, slot);
    large.insert(hash, slot);
  }
  const seen = new Set<number>();
  let [cursor, turn] = [0, 0];
  do cursor = (turn++ % 2 ? small : large).scan(cursor, (slot) => void seen.add(slot));
  while (cursor !== 0);
  expect(seen.size).toBe(3000);
});
