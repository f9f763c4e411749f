// Quantities: exact, and ordered as Kubernetes orders them.
import { parseBytes, parseNano } from "#crds/quantity";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const nano = 10n ** 9n;

test.each([
  ["0", 0n],
  ["1", nano],
  ["1n", 1n],
  ["1u", 1_000n],
  ["1m", 1_000_000n],
  ["1500m", (nano * 3n) / 2n],
  ["1.5", (nano * 3n) / 2n],
  [".5", nano / 2n],
  ["5.", nano * 5n],
  ["+1k", 1_000n * nano],
  ["-1k", -1_000n * nano],
  ["1e3", 1_000n * nano],
  ["1E3", 1_000n * nano],
  ["1e-3", nano / 1_000n],
  ["1E", 10n ** 18n * nano],
  ["1Ki", 1_024n * nano],
  ["1.5Gi", 1_610_612_736n * nano],
  ["1Ei", 2n ** 60n * nano],
])("%s is %s billionths", (text, expected) => expect(parseNano(text)).toBe(expected));

test("what is finer than a billionth is rounded away from zero, as Kubernetes does", () => {
  expect(parseNano("0.1n")).toBe(1n);
  expect(parseNano("1.0000000001")).toBe(nano + 1n);
  expect(parseNano("-0.1n")).toBe(-1n);
});

test.each(["", " ", "1 Mi", "Mi", "1mi", "1KI", "1K", "1kk", "1MiB", "1e", "0x10", "1,5", "--1", "1..2", ".", "１Mi", "Infinity", "1Mi\n"])("%j is no quantity", (text) => {
  expect(parseNano(text)).toBeUndefined();
  expect(() => parseBytes(text)).toThrow(RangeError);
});

describe("for all numbers", () => {
  const whole = fc.bigInt({ min: 0n, max: 10n ** 15n });

  test("a binary suffix multiplies by its power of 1024", () =>
    fc.assert(
      fc.property(whole, fc.constantFrom(...["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].entries()), (n, [i, suffix]) => {
        expect(parseNano(`${n}${suffix}`)).toBe(n * 1024n ** BigInt(i + 1) * nano);
      }),
    ));

  test("1000 of a decimal suffix are one of the next", () =>
    fc.assert(
      fc.property(whole, fc.constantFrom(["n", "u"], ["u", "m"], ["m", ""], ["", "k"], ["k", "M"], ["M", "G"], ["G", "T"], ["T", "P"], ["P", "E"]), (n, [small, large]) => {
        expect(parseNano(`${n * 1000n}${small}`)).toBe(parseNano(`${n}${large}`));
      }),
    ));

  test("a fraction says the same as thousandths", () =>
    fc.assert(
      fc.property(whole, fc.integer({ min: 0, max: 999 }), (n, thousandths) => {
        expect(parseNano(`${n}.${String(thousandths).padStart(3, "0")}`)).toBe(parseNano(`${n * 1000n + BigInt(thousandths)}m`));
      }),
    ));

  test("bytes are whole and never fewer than written", () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 0, max: 999 }), (n, thousandths) => {
        expect(parseBytes(`${n}.${String(thousandths).padStart(3, "0")}`)).toBe(n + (thousandths > 0 ? 1 : 0));
      }),
    ));
});
