import { leastLimitBytes, memoryPlan } from "#contract/memory";
import { memoryHeadroom, specSchema } from "#crds/kvresponder";
import fc from "fast-check";
import { expect, test } from "vitest";

const mebibyte = 2 ** 20;
const maxMemory = fc.integer({ min: 0, max: 2 ** 42 });
const nativeMiB = 48;

test("native, young and old space together fit the limit", () => {
  fc.assert(
    fc.property(maxMemory, fc.integer({ min: 0, max: 2 ** 40 }), (maxMemoryBytes, extra) => {
      const plan = memoryPlan({ maxMemoryBytes, limitBytes: leastLimitBytes(maxMemoryBytes) + extra });
      expect((nativeMiB + 3 * plan.semiSpaceMiB + plan.oldSpaceMiB) * mebibyte).toBeLessThanOrEqual(plan.limitBytes);
    }),
  );
});

test("the old space holds the entries with their headroom", () => {
  fc.assert(
    fc.property(maxMemory, (maxMemoryBytes) => {
      expect(memoryPlan({ maxMemoryBytes }).oldSpaceMiB * mebibyte).toBeGreaterThan(maxMemoryBytes * (1 + memoryHeadroom.perEntryByte));
    }),
  );
});

test("more memory for entries never lowers the limit or the heap", () => {
  fc.assert(
    fc.property(maxMemory, fc.integer({ min: 0, max: 2 ** 40 }), (a, more) => {
      const [small, large] = [memoryPlan({ maxMemoryBytes: a }), memoryPlan({ maxMemoryBytes: a + more })];
      expect(large.limitBytes).toBeGreaterThanOrEqual(small.limitBytes);
      expect(large.oldSpaceMiB).toBeGreaterThanOrEqual(small.oldSpaceMiB);
    }),
  );
});

test("the derived limit satisfies the rule of the schema, and one MiB less does not", () => {
  fc.assert(
    fc.property(fc.integer({ min: mebibyte, max: 2 ** 34 }), (maxMemoryBytes) => {
      const limit = leastLimitBytes(maxMemoryBytes);
      const accepts = (memory: number) => specSchema.safeParse({ cache: { maxMemory: `${maxMemoryBytes}` }, resources: { limits: { memory: `${memory}` } } }).success;
      expect(accepts(limit)).toBe(true);
      expect(accepts(limit - mebibyte)).toBe(false);
    }),
  );
});

test("the default of 256Mi needs 416Mi", () => {
  expect(memoryPlan({ maxMemoryBytes: 256 * mebibyte })).toEqual({
    limitBytes: 416 * mebibyte,
    oldSpaceMiB: 356,
    semiSpaceMiB: 4,
    nodeArgs: ["--max-old-space-size=356", "--max-semi-space-size=4"],
  });
});
