import fc from "fast-check";
import { expect, test } from "vitest";
import { compareVersions, createVersions, formatVersion, parseVersion, steadyClock, type Version } from "../../../responder/store/version.ts";

const version: fc.Arbitrary<Version> = fc.record({
  ms: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  counter: fc.integer({ min: 0, max: 0xffff }),
  node: fc.integer({ min: 0, max: 0xffff_ffff }),
});

test("text and version are two forms of one thing, in the same order", () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      const [x, y] = [formatVersion(a), formatVersion(b)];
      expect(x).toMatch(/^[0-9a-f]{24}$/);
      expect(parseVersion(x)).toEqual(a);
      expect(Math.sign(compareVersions(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
    }),
  );
});

test.each(["", "0".repeat(23), "0".repeat(25), "G".repeat(24), "A".repeat(24)])("%j is no version", (text) => {
  expect(parseVersion(text)).toBeUndefined();
});

test("versions rise strictly whatever the time does, and stay within the counter's bits", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 200 }), (steps) => {
      let time = 1e12;
      const next = createVersions({ now: () => time, node: 7 });
      let last = next();
      for (const step of steps) {
        time += step;
        const v = next();
        expect(compareVersions(last, v)).toBeLessThan(0);
        expect(v.counter).toBeLessThanOrEqual(0xffff);
        last = v;
      }
    }),
  );
});

test("a full counter carries into the milliseconds", () => {
  const next = createVersions({ now: () => 1000.5, node: 1 });
  let last = next();
  expect(last).toEqual({ ms: 1000, counter: 0, node: 1 });
  for (let i = 0; i < 0xffff; i++) last = next();
  expect(last).toEqual({ ms: 1000, counter: 0xffff, node: 1 });
  expect(next()).toEqual({ ms: 1001, counter: 0, node: 1 });
});

test("after a carry, real time catches up and takes over", () => {
  let time = 1000;
  const next = createVersions({ now: () => time, node: 1 });
  for (let i = 0; i < 0x1_0001; i++) next();
  time = 1001;
  expect(next()).toEqual({ ms: 1001, counter: 1, node: 1 });
  time = 1002;
  expect(next()).toEqual({ ms: 1002, counter: 0, node: 1 });
});

test("a wall clock that is set back does not reach the versions", () => {
  let [wall, monotonic] = [5_000_000, 100];
  const now = steadyClock({ wall: () => wall, monotonic: () => monotonic });
  const first = now();
  wall -= 3_600_000;
  monotonic += 25;
  expect(now()).toBe(first + 25);
});
