// Numbers in text: 64-bit integers, and sums of decimals.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDecimals } from "../../../responder/resp/decimals.ts";
import { readBig, readInteger } from "../../../responder/resp/numbers.ts";

const asBig = (text: string) => readBig(Buffer.from(`_${text}_`, "latin1"), 1, text.length + 1);
const asInteger = (text: string) => readInteger(Buffer.from(`_${text}_`, "latin1"), 1, text.length + 1);

describe("integers", () => {
  test("of 64 bits are read, and as doubles when they fit", () => {
    fc.assert(
      fc.property(fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger().map(BigInt), fc.integer().map(BigInt)), (n) => {
        expect(asBig(String(n))).toBe(n);
        expect(asInteger(String(n))).toBe(Number(n));
      }),
    );
  });

  test.each(["", "-", "+1", "01", "-0", "00", "1 ", " 1", "1.0", "1e3", "0x1", "abc", "9223372036854775808", "-9223372036854775809", "99999999999999999999999", "1\0"])("%j is none", (text) => {
    expect(asBig(text)).toBeUndefined();
    expect(asInteger(text)).toBeNaN();
  });
});

describe("sums of decimals", () => {
  test.each([
    ["0.1", "0.2", "0.3"],
    ["10.50", "0.1", "10.6"],
    ["5.0e3", "200", "5200"],
    ["3", "-3", "0"],
    ["-1.5", "0.25", "-1.25"],
    ["1", ".5", "1.5"],
    ["1", "1e-17", "1.00000000000000001"],
    ["1", "1e-18", "1"],
    ["1", "5e-18", "1.00000000000000001"],
    ["9007199254740993", "1", "9007199254740994"],
  ])("%s + %s = %s", (a, b, sum) => expect(addDecimals(a, b)).toBe(sum));

  test.each(["", ".", "abc", "1a", "0x10", "inf", "nan", " 1", "1 ", "1e", "1e999", "--1"])("%j is no number", (text) => {
    expect(addDecimals(text, "1")).toBeUndefined();
    expect(addDecimals("1", text)).toBeUndefined();
  });

  test("a sum beyond all doubles is none", () => expect(addDecimals("9e308", "9e308")).toBe(""));

  test("of whole numbers are those of BigInt", () => {
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (a, b) => void expect(addDecimals(String(a), String(b))).toBe(String(a + b))));
  });
});
