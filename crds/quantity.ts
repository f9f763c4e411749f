// Kubernetes quantities ("256Mi", "1500m", "1e3") as exact integers, for comparing what is written in two ways.

const binary: Record<string, bigint> = { Ki: 1024n, Mi: 1024n ** 2n, Gi: 1024n ** 3n, Ti: 1024n ** 4n, Pi: 1024n ** 5n, Ei: 1024n ** 6n };
/** Powers of ten by suffix, relative to one. */
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const nano = 10n ** 9n;

const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE])|[eE]([+-]?\d{1,2}))?$/;

/**
 * A quantity in billionths (the finest unit Kubernetes keeps), rounded up as Kubernetes does; undefined when it is not a quantity.
 * Grammar: k8s.io/apimachinery/pkg/api/resource/quantity.go.
 */
export const parseNano = (text: string): bigint | undefined => {
  const m = pattern.exec(text);
  if (!m) return undefined;
  const [, sign, digits = "", bin, dec, exp] = m;
  const [whole = "", fraction = ""] = digits.split(".");
  const unscaled = BigInt(whole + fraction);
  let numerator = unscaled * nano;
  let denominator = 10n ** BigInt(fraction.length);
  if (bin) numerator *= binary[bin] ?? 1n;
  const power = exp === undefined ? (decimal[dec ?? ""] ?? 0) : Number(exp);
  if (power >= 0) numerator *= 10n ** BigInt(power);
  else denominator *= 10n ** BigInt(-power);
  const magnitude = (numerator + denominator - 1n) / denominator;
  return sign === "-" ? -magnitude : magnitude;
};

/** Whole bytes (rounded up). Throws RangeError when the text is not a quantity. */
export const parseBytes = (text: string): number => {
  const value = parseNano(text);
  if (value === undefined) throw new RangeError(`not a quantity: ${JSON.stringify(text)}`);
  return Number((value + nano - 1n) / nano);
};
