// Judges goals in tests. One that is missed is measured again, and fails only when every try misses it: a regression misses all of them, the noise of a machine does not.
import { inWords, passes, type Goal } from "./goal.ts";
import { TooNoisy, type Result } from "./rounds.ts";

export interface Measured {
  readonly goals: readonly Goal[];
  /** Every one, so that the machine's moods can be told from the code's. */
  readonly rounds: readonly string[];
}

const tries = 3;

/** Processor time of each round, a line for each server. */
export const cpuRounds = (results: readonly Result[]): string[] => results.map(({ target, rounds }) => `${target.name}: ${rounds.map(({ cpu }) => cpu.toFixed(2)).join(" ")} us`);

/** Resolves when each goal has passed its gate, 0.85 of it, in one of the tries. `measure` starts afresh each time: what a process was unlucky with stays with it. */
export const expectGoals = async (measure: () => Promise<Measured>): Promise<void> => {
  const passed = new Set<string>();
  const told: string[] = [];
  for (let n = 1; n <= tries; n++) {
    let missed: readonly Goal[] = [];
    try {
      const { goals, rounds } = await measure();
      for (const goal of goals) if (passes(goal)) passed.add(goal.what);
      missed = goals.filter(({ what }) => !passed.has(what));
      told.push([`try ${n}`, ...goals.map(inWords), ...rounds].join("\n  "));
      console.log(told.at(-1));
      if (missed.length === 0) return;
    } catch (err) {
      // its control says that nothing can be said
      if (!(err instanceof TooNoisy)) throw err;
      told.push(`try ${n}: ${err.message}`);
    }
    if (n === tries) throw new Error([`${missed.map(({ what }) => what).join(", ") || "nothing could be measured"}: below the gate, 0.85 of the goal, in each of ${tries} tries`, ...told].join("\n"));
  }
};
