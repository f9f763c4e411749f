// Numbers in arguments and values: decimal text, read from bytes without making a string where a double suffices.

/** Digits that a double holds whatever they are. */
const safeDigits = 15;
const max64 = 2n ** 63n - 1n;
const min64 = -(2n ** 63n);
const canonical = /^(0|-?[1-9]\d{0,18})$/;

export const inRange64 = (value: bigint): boolean => value >= min64 && value <= max64;

/** A canonical 64-bit decimal (no sign but minus, no leading zeros, no spaces); undefined: it is none. */
export const readBig = (bytes: Buffer, from: number, to: number): bigint | undefined => {
  if (to - from > 20) return undefined;
  const text = bytes.toString("latin1", from, to);
  if (!canonical.test(text)) return undefined;
  const value = BigInt(text);
  return inRange64(value) ? value : undefined;
};

/** The same as a double: NaN when it is none, rounded beyond 2^53. */
export const readInteger = (bytes: Buffer, from: number, to: number): number => {
  const negative = bytes[from] === 0x2d;
  let p = negative ? from + 1 : from;
  const digits = to - p;
  if (digits < 1 || digits > safeDigits) return digits < 1 ? Number.NaN : Number(readBig(bytes, from, to) ?? Number.NaN);
  if (bytes[p] === 0x30) return digits === 1 && !negative ? 0 : Number.NaN;
  let value = 0;
  for (; p < to; p++) {
    const digit = (bytes[p] as number) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
};
