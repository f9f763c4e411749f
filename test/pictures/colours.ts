// Grafana's colours on dark ground.
const named: Readonly<Record<string, string>> = { green: "#73bf69", yellow: "#fade2a", orange: "#ff9830", red: "#f2495c", blue: "#5794f2", purple: "#b877d9", text: "#ccccdc" };

export const colour = (name: string): string => named[name] ?? name;

const palette = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a", "#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477"] as const;

/** Of the nth line of a panel. */
export const lineColour = (n: number): string => palette[n % palette.length] ?? palette[0];

export interface Step {
  readonly color: string;
  readonly value: number | null;
}

/** The colour of the last step that the value reaches. */
export const stepColour = (steps: readonly Step[], value: number): string => colour(steps.findLast((step) => step.value === null || value >= step.value)?.color ?? "text");
