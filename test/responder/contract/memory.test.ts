import { leastLimitBytes, memoryPlan, transitBytes } from "#contract/memory";
import { memoryHeadroom, specSchema } from "#crds/kvresponder";
import fc from "fast-check";
import { expect, test } from "vitest";

const mebibyte = 2 ** 20;
const needs = fc.record({ maxMemoryBytes: fc.integer({ min: mebibyte, max: 2 ** 40 }), maxValueBytes: fc.integer({ min: 1, max: 64 * mebibyte }) });

test("what is in transit of all four kinds fits beside the heap and Node's own memory", () => {
  fc.assert(
    fc.property(needs, ({ maxMemoryBytes, maxValueBytes }) => {
      const besideEntries = leastLimitBytes({ maxMemoryBytes, maxValueBytes }) - maxMemoryBytes;
      // a bundled responder without entries or clients: 76 to 80 MiB
      expect(4 * transitBytes(maxValueBytes) + 80 * mebibyte).toBeLessThan(besideEntries);
    }),
  );
});

test("more memory for entries, or larger values, never lower the limit", () => {
  fc.assert(
    fc.property(needs, fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 0, max: mebibyte }), ({ maxMemoryBytes, maxValueBytes }, more, larger) => {
      const limit = memoryPlan({ maxMemoryBytes, maxValueBytes }).limitBytes;
      expect(memoryPlan({ maxMemoryBytes: maxMemoryBytes + more, maxValueBytes: maxValueBytes + larger }).limitBytes).toBeGreaterThanOrEqual(limit);
      expect(limit % mebibyte).toBe(0);
    }),
  );
});

test("the derived limit satisfies the rule of the schema, and one MiB less does not", () => {
  fc.assert(
    fc.property(fc.integer({ min: mebibyte, max: 2 ** 34 }), fc.integer({ min: 1, max: mebibyte }), (maxMemoryBytes, maxValueBytes) => {
      const limit = leastLimitBytes({ maxMemoryBytes, maxValueBytes });
      const accepts = (memory: number) => specSchema.safeParse({ cache: { maxMemory: `${maxMemoryBytes}`, maxValueBytes }, resources: { limits: { memory: `${memory}` } } }).success;
      expect(accepts(limit)).toBe(true);
      expect(accepts(limit - mebibyte)).toBe(false);
    }),
  );
});

test("the default of 256Mi with values up to 1 MiB needs 436Mi, and the heap has bounds of its own", () => {
  expect(memoryHeadroom).toEqual({ fixedMi: 160, perEntryByte: 0.0625, perValueByte: 4 });
  expect(memoryPlan({ maxMemoryBytes: 256 * mebibyte, maxValueBytes: mebibyte })).toEqual({
    limitBytes: 436 * mebibyte,
    nodeArgs: ["--max-old-space-size=96", "--max-semi-space-size=4"],
  });
  expect(memoryPlan({ maxMemoryBytes: 256 * mebibyte, maxValueBytes: mebibyte }, 2 ** 30).limitBytes).toBe(2 ** 30);
});
