// Writes quantities the way the API server stores them, so that what we apply reads back unchanged.
import { parseNano } from "#crds/quantity";

const nano = 10n ** 9n;
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] as const;
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"] as const;

/** The largest suffix that leaves a whole number; the value is not 0. */
const scaled = (value: bigint, base: bigint, suffixes: readonly string[]): string => {
  let rest = value;
  let i = 0;
  while (i < suffixes.length - 1 && rest % base === 0n) {
    rest /= base;
    i += 1;
  }
  return `${rest}${suffixes[i]}`;
};

const decimal = (value: bigint): string => scaled(value, 1000n, decimalSuffixes);

/** Binary units where one fits: a plain number counts as decimal, so 2000 bytes are 2k. */
const binary = (bytes: bigint): string => (bytes % 1024n === 0n ? scaled(bytes, 1024n, binarySuffixes) : decimal(bytes * nano));

/**
 * The canonical form of k8s.io/apimachinery/pkg/api/resource/quantity.go: no fraction, the largest suffix of the family it was written in;
 * binary values under 1Ki count as decimal. Throws RangeError when the text is not a quantity.
 */
export const canonicalQuantity = (text: string): string => {
  const value = parseNano(text);
  if (value === undefined) throw new RangeError(`not a quantity: ${JSON.stringify(text)}`);
  if (value === 0n) return "0";
  return text.endsWith("i") && value >= 1024n * nano ? binary((value + nano - 1n) / nano) : decimal(value);
};

export const bytesQuantity = (bytes: number): string => (bytes === 0 ? "0" : binary(BigInt(bytes)));
