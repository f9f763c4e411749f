// A number to reach, what was measured, and whether that is enough.

export interface Goal {
  readonly what: string;
  readonly goal: number;
  readonly measured: number;
  readonly better: "higher" | "lower";
  readonly unit: string;
}

/** A build fails only below this part of a goal: the machines that it runs on are noisy. */
const gateAt = 0.85;

export const atLeast = (what: string, measured: number, goal: number, unit = "x"): Goal => ({ what, goal, measured, better: "higher", unit });
export const atMost = (what: string, measured: number, goal: number, unit = "x"): Goal => ({ what, goal, measured, better: "lower", unit });

export const met = ({ measured, goal, better }: Goal): boolean => (better === "higher" ? measured >= goal : measured <= goal);

/** Whether it is good enough for the gate; a figure that is not a number never is. */
export const passes = ({ measured, goal, better }: Goal): boolean => (better === "higher" ? measured >= goal * gateAt : measured <= goal / gateAt);

/** For exact figures, where the gate is the goal. */
export const inWords = (goal: Goal): string => `${goal.what}: ${goal.measured.toFixed(2)} ${goal.unit}, goal ${goal.better === "higher" ? ">=" : "<="} ${goal.goal} ${goal.unit}`;
