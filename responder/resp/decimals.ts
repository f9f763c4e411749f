// Sums of decimal fractions, exact to 17 digits after the point, which is as many as Redis writes.

const places = 17;
/** Larger numbers than any double are not ours. */
const maxExponent = 308;
const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
/** Also what fits no value worth keeping. */
const tooLarge = 10n ** BigInt(maxExponent + places);

const scaled = (text: string): bigint | undefined => {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const shift = Number(exponent) - fraction.length + places;
  if (Math.abs(Number(exponent)) > maxExponent) return undefined;
  const digits = BigInt(whole + fraction);
  // rounded half away from zero
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : (digits + 5n * 10n ** BigInt(-shift - 1)) / 10n ** BigInt(-shift);
  return sign === "-" ? -value : value;
};

/** Without exponent, and without zeros at the end; undefined: one of them is no number; "": the sum is too large. */
export const addDecimals = (a: string, b: string): string | undefined => {
  const x = scaled(a);
  const y = scaled(b);
  if (x === undefined || y === undefined) return undefined;
  const sum = x + y;
  const size = sum < 0n ? -sum : sum;
  if (size >= tooLarge) return "";
  const digits = String(size).padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return `${sum < 0n ? "-" : ""}${digits.slice(0, -places)}${fraction === "" ? "" : `.${fraction}`}`;
};
