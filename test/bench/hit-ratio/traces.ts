// The request sequences that policies are compared on, as numbers of keys.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { seeded, zipf } from "./random.ts";

export interface Trace {
  readonly name: string;
  /** Different keys in it, of which caches hold a part. */
  readonly keys: number;
  readonly requests: Uint32Array;
}

export interface Scale {
  readonly keys: number;
  readonly requests: number;
  readonly seed: number;
}

const generate = (name: string, { keys, requests }: Scale, next: (i: number) => number): Trace => ({ name, keys, requests: Uint32Array.from({ length: requests }, (_, i) => next(i)) });

export const zipfTrace = (exponent: number, scale: Scale): Trace => generate(`Zipf ${exponent.toFixed(1)}`, scale, zipf(scale.keys, exponent, seeded(scale.seed)));

/** One request in five belongs to a scan that walks once over keys that nobody else asks for, round and round. */
export const scannedTrace = (scale: Scale): Trace => {
  const random = seeded(scale.seed);
  const rank = zipf(scale.keys, 1, random);
  let scan = 0;
  return generate("Zipf 1.0, one in five a scan", scale, () => (random() < 0.2 ? scale.keys + (scan++ % scale.keys) : rank()));
};

/** At ten times in the trace the hottest thousandth goes cold and the keys behind it take its place. */
export const shiftingTrace = (scale: Scale): Trace => {
  const rank = zipf(scale.keys, 1, seeded(scale.seed));
  const [phase, step] = [Math.ceil(scale.requests / 10), Math.ceil(scale.keys / 1000)];
  return generate("Zipf 1.0, hot set moves", scale, (i) => (rank() + Math.floor(i / phase) * step) % scale.keys);
};

/** Recorded in production: see traces/README.md. */
export const recordedTrace = (): Trace => {
  const bytes = brotliDecompressSync(readFileSync(resolve(import.meta.dirname, "../traces/twitter-cluster52.varint.br")));
  const requests: number[] = [];
  let keys = 0;
  for (let at = 0; at < bytes.length; ) {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = bytes[at++] ?? 0;
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    requests.push(value === 0 ? ++keys : value);
  }
  return { name: "Twitter, cluster 52", keys, requests: Uint32Array.from(requests) };
};

export const syntheticTraces = (scale: Scale): Trace[] => [zipfTrace(0.9, scale), zipfTrace(1, scale), scannedTrace(scale), shiftingTrace(scale)];
