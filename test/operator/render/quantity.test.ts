// Quantities are written as the API server stores them.
import { parseNano } from "#crds/quantity";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesQuantity, canonicalQuantity } from "../../../operator/render/quantity.ts";

// the right column is what kubectl shows after an apply
test.each([
  ["0", "0"],
  ["0Mi", "0"],
  ["0.5", "500m"],
  ["1.5", "1500m"],
  ["1000m", "1"],
  ["1500m", "1500m"],
  ["100000m", "100"],
  ["2.000", "2"],
  ["1024Mi", "1Gi"],
  ["0.5Gi", "512Mi"],
  ["1.5Gi", "1536Mi"],
  ["1536Ki", "1536Ki"],
  ["1000Ki", "1000Ki"],
  ["1000k", "1M"],
  ["1000", "1k"],
  ["268435456", "268435456"],
  ["1.5Ki", "1536"],
  ["0.1Ki", "102400m"],
  ["0.001m", "1u"],
])("%s becomes %s", (written, stored) => expect(canonicalQuantity(written)).toBe(stored));

describe("for any quantity", () => {
  const any = fc.tuple(fc.integer({ min: 0, max: 999_999 }), fc.constantFrom("", ".5", ".25", ".125"), fc.constantFrom("", "m", "k", "Ki", "M", "Mi", "G", "Gi", "T", "Ti")).map((p) => p.join(""));

  test("writing it again changes nothing", () => fc.assert(fc.property(any, (q) => canonicalQuantity(canonicalQuantity(q)) === canonicalQuantity(q))));

  test("the amount stays, rounded up to whole bytes where it is binary", () =>
    fc.assert(
      fc.property(any, (q) => {
        const [before, after] = [parseNano(q) ?? 0n, parseNano(canonicalQuantity(q)) ?? 0n];
        expect(after - before).toBeGreaterThanOrEqual(0n);
        expect(after - before).toBeLessThan(q.endsWith("i") ? 10n ** 9n : 1n);
      }),
    ));
});

test("bytes are written in binary units where one fits", () => {
  expect([0, 1, 1024, 416 * 2 ** 20, 2 ** 30 + 1, 437_000_000].map(bytesQuantity)).toEqual(["0", "1", "1Ki", "416Mi", "1073741825", "437M"]);
});

test("what is no quantity is refused", () => expect(() => canonicalQuantity("lots")).toThrow('not a quantity: "lots"'));
