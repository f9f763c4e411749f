// A number of bytes that many share.
import type { Budget } from "./commands/command.ts";

export const createBudget = (limit: number): Budget => {
  let left = limit;
  return {
    take: (bytes) => {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    give: (bytes) => void (left += bytes),
  };
};
