// Follows a small file by reading it again and again: a mounted ConfigMap changes by a swapped symlink, which file watchers miss.
import { readFileSync } from "node:fs";
import type { Timers } from "./clock.ts";

export interface FilePoll {
  readonly path: string;
  readonly everyMs: number;
  readonly timers: Pick<Timers, "every">;
  /** Called at once and after each change of the content. May throw: that is a problem too. */
  readonly onText: (text: string) => void;
  /** Called once for each new problem: what was read before stays in force. */
  readonly onProblem: (err: unknown) => void;
  readonly read?: (path: string) => string;
}

/** Returns the function that ends it. */
export const pollFile = ({ path, everyMs, timers, onText, onProblem, read = (p) => readFileSync(p, "utf8") }: FilePoll): (() => void) => {
  let last: string | undefined;
  let problem: string | undefined;
  const poll = () => {
    try {
      const text = read(path);
      problem = undefined;
      if (text === last) return;
      last = text;
      onText(text);
    } catch (err) {
      const told = String(err);
      if (told !== problem) onProblem(err);
      problem = told;
    }
  };
  poll();
  return timers.every(everyMs, poll);
};
