// Assertions for hot loops: vitest's expect costs microseconds, so it is called only where it will fail, to say why.
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";

export const same = (actual: unknown, wanted: unknown): void => {
  if (!Object.is(actual, wanted)) expect(actual).toBe(wanted);
};

export const alike = (actual: unknown, wanted: unknown): void => {
  if (!isDeepStrictEqual(actual, wanted)) expect(actual).toEqual(wanted);
};

export const atMost = (actual: number, most: number): void => {
  if (!(actual <= most)) expect(actual).toBeLessThanOrEqual(most);
};
