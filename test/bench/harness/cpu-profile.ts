// Reads a profile that V8 wrote: how much of the busy time each function took itself.
import { readFileSync } from "node:fs";

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  /** "find responder/store/index.ts:40", or V8's words in brackets: (program) is native code and the kernel. */
  readonly where: string;
  /** Of the time that was not idle. */
  readonly part: number;
}

const nameOf = ({ functionName, url, lineNumber }: Profile["nodes"][number]["callFrame"]): string => {
  const file = url.replace(/^.*\/(responder|node_modules)\//, "$1/");
  return `${functionName || "(anonymous)"}${file ? ` ${file}:${lineNumber + 1}` : ""}`;
};

/** The largest first. */
export const selfTimes = (file: string): SelfTime[] => {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8")) as Profile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let busy = 0;
  for (const [i, id] of samples.entries()) {
    const where = names.get(id) ?? "";
    // the second is the profiler itself
    if (where === "(idle)" || where.includes(" node:inspector")) continue;
    const time = timeDeltas[i] ?? 0;
    times.set(where, (times.get(where) ?? 0) + time);
    busy += time;
  }
  return [...times].map(([where, time]) => ({ where, part: time / busy })).toSorted((a, b) => b.part - a.part);
};
