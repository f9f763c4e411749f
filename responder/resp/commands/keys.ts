// Which arguments of a command are keys.
import type { KeySpec } from "./command.ts";

/** `count` arguments, with the name. */
export const keyPositions = ({ first, last, step }: KeySpec, count: number): number[] => {
  const end = last < 0 ? count + last : last;
  const positions: number[] = [];
  for (let i = first; i <= end && i < count; i += step) positions.push(i);
  return positions;
};
