// Writes numbers as Grafana does for its unit ids: three digits or so, and a prefix that suits the size.
export interface Scale {
  readonly step: number;
  readonly names: readonly string[];
}

const counts: Scale = { step: 1_000, names: ["", " K", " Mil", " Bil", " Tri"] };
const binary: Scale = { step: 1_024, names: [" B", " KiB", " MiB", " GiB", " TiB"] };
const rates: Scale = { step: 1_000, names: [" B/s", " kB/s", " MB/s", " GB/s", " TB/s"] };

/** At most `digits` after the point, and no zeros at the end. */
const plain = (n: number, digits: number): string => String(Number(n.toFixed(digits)));

const digitsFor = (n: number): number => {
  const size = Math.abs(n);
  return size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
};

const scaled = (n: number, { step, names }: Scale): string => {
  let [left, i] = [n, 0];
  for (; Math.abs(left) >= step && i < names.length - 1; i += 1) left /= step;
  return plain(left, digitsFor(left)) + names[i];
};

const seconds = (n: number): string => {
  const size = Math.abs(n);
  if (n === 0) return "0 s";
  if (size < 1e-3) return `${plain(n * 1e6, digitsFor(n * 1e6))} µs`;
  if (size < 1) return `${plain(n * 1e3, digitsFor(n * 1e3))} ms`;
  if (size < 60) return `${plain(n, digitsFor(n))} s`;
  if (size < 3_600) return `${plain(n / 60, 2)} mins`;
  if (size < 86_400) return `${plain(n / 3_600, 2)} hours`;
  return `${plain(n / 86_400, 2)} days`;
};

const perSecond = { reqps: "req/s", ops: "ops/s", cps: "c/s" } as const;

const ago = (past: number): string => {
  const [size, name] = past < 60 ? [1, "second"] : past < 3_600 ? [60, "minute"] : past < 86_400 ? [3_600, "hour"] : [86_400, "day"];
  const n = Math.round(past / size);
  return n === 1 ? `${name === "hour" ? "an" : "a"} ${name} ago` : `${n} ${name}s ago`;
};

/** `now`: in milliseconds since 1970, for what is said to be some time ago. */
export const format = (unit: string, n: number, now = Date.now()): string => {
  if (!Number.isFinite(n)) return Number.isNaN(n) ? "NaN" : n > 0 ? "+Inf" : "-Inf";
  if (unit in perSecond) return `${scaled(n, { step: 1_000, names: ["", "K", "M"] })} ${perSecond[unit as keyof typeof perSecond]}`;
  switch (unit) {
    case "s":
      return seconds(n);
    case "bytes":
      return scaled(n, binary);
    case "Bps":
      return scaled(n, rates);
    case "percentunit":
      return `${plain(n * 100, Math.max(digitsFor(n * 100) - 1, n > 0.9 && n < 1 ? 2 : 0))}%`;
    case "dateTimeAsIso":
      return new Date(n).toISOString().slice(0, 19).replace("T", " ");
    case "dateTimeFromNow":
      return ago((now - n) / 1_000);
    case "none":
      return plain(n, digitsFor(n));
    default:
      return scaled(n, counts);
  }
};
