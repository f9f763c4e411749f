// Chance that repeats: the same seed gives the same trace on every machine.

/** Uniform in [0, 1). sfc32 (Doty-Humphrey, PractRand), after rounds that spread the seed. */
export const seeded = (seed: number): (() => number) => {
  let [a, b, c, counter] = [0, seed | 0, 0, 1];
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
};

/** Ranks 0..count-1, rank r with a probability proportional to 1 / (r + 1)^exponent. Inverts the exact distribution by bisection. */
export const zipf = (count: number, exponent: number, random: () => number): (() => number) => {
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) cumulative[rank] = sum += (rank + 1) ** -exponent;
  return () => {
    const at = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
};
