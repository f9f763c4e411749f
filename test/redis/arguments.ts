// Arguments biased to the edges: few keys, so that commands meet; values and numbers where implementations differ.
import fc, { type Arbitrary } from "fast-check";

/** One argument, or several that belong together: an option and its value. */
export type Part = string | readonly string[];

const int64 = { max: "9223372036854775807", min: "-9223372036854775808", beyond: "9223372036854775808", below: "-9223372036854775809" };

/** A few that most commands meet at; an empty one and one beyond 512 bytes are among the documented differences. */
export const key = fc.constantFrom("a", "a", "a", "a", "b", "b", "b", "c", "A", "k:1", "k:2", "k:12", "\0", "\xff\xfe", "a\r\nb", "__proto__", "x".repeat(512));

/** What is read as a number in one place and as bytes in another. */
export const numberText = fc.constantFrom(
  ..."0 1 -1 10 255 9007199254740993 9223372036854775806 -9223372036854775807".split(" "),
  ...Object.values(int64),
  ..."+1 -0 01 1.5 1e3 0x10 abc 99999999999999999999999 3.0e3 - nan 5.0".split(" "),
  "",
  " 1",
  "1 ",
  "\0",
  "1\0",
);

/** Long enough to leave the embedded form (44), the slab's smallest classes, and the slab itself (64 KiB). */
const bytesOf = (length: number) => "0123456789\r\n\0\xff".repeat(Math.ceil(length / 14)).slice(0, length);
export const value: Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("", "x", "hello", "\0", "\xff\xfe", "\r\n", "$-1\r\n", "+OK\r\n", "é", "10", "-5") },
  { weight: 3, arbitrary: numberText },
  { weight: 2, arbitrary: fc.constantFrom(44, 45, 255, 256, 4096).map(bytesOf) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }).map((text) => Buffer.from(text).toString("latin1")) },
);
export const largeValue = fc.constantFrom(65_535, 65_536, 65_537, 100_000).map(bytesOf);

/** Ends of ranges, and offsets: those between the two sizes are refused by ours alone, which differences.ts says. */
export const index = fc.constantFrom(..."0 1 2 -1 -2 3 5 -5 44 100 -100 4095 100000 abc 1.5".split(" "), int64.max, int64.min, int64.beyond, "");
export const offset = fc.constantFrom(..."0 1 2 5 44 100 1000 70000 -1 536870912 abc 1.5".split(" "), int64.max, int64.min, int64.beyond, "");

/** Seconds or milliseconds that cannot pass while the test runs. Unbiased, so that two never meet: their order would depend on the servers' clocks. */
const seconds = fc.noBias(fc.integer({ min: 1_000, max: 300_000_000 })).map(String);
const milliseconds = fc.noBias(fc.integer({ min: 1_000_000, max: 300_000_000_000 })).map(String);
/** In the years 2100 to 2103: the same for both servers, so equal ones may meet. */
const atSeconds = fc.integer({ min: 0, max: 20 }).map((n) => String(4_102_444_800 + n * 5_000_000));
const atMilliseconds = fc.integer({ min: 0, max: 20 }).map((n) => String(4_102_444_800_123 + n * 5_000_000_000));
const oddTimes = ["0", "-1", "-1000", int64.min, int64.beyond, "-9223372036854776", "abc", "", "1.5", " 100"];
const oddOr = (time: Arbitrary<string>, ...more: string[]) => fc.oneof({ weight: 5, arbitrary: time }, { weight: 1, arbitrary: fc.constantFrom(...oddTimes, ...more) });
/** Whole milliseconds beyond the year 10889 are refused by neither but cut by ours, so the ends are those that both refuse. */
export const time = {
  seconds: oddOr(seconds, int64.max, "9223372036854776", "9223372036854775"),
  milliseconds: oddOr(milliseconds, int64.max),
  atSeconds: oddOr(atSeconds, int64.max, "9223372036854776"),
  atMilliseconds: oddOr(atMilliseconds),
};

export const pattern = fc.constantFrom("*", "k:*", "?", "[a-c]", "[c-a]", "[^a]", "[abA]", "[a", "k:[12]", "k:1?", "", "\\*", "\\a", "a\\", "\xff*", "**", "*a*", "[\\a]", "[]", "x*x", "a\r\n?", "[^", "[a-", "*1*2*", "\0");

/** What a mistaken or hostile client would put in the place of an argument; nothing here is a time that could pass, nor the empty key. */
export const odd = fc.constantFrom("abc", "-1", "0", int64.beyond, "nx", "XX", "GET", "\xff", "a".repeat(200), "*", "KEEPTTL");
