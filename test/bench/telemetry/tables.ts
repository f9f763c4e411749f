// Compares servers with telemetry to the two without, round by round: what the machine did in a round, it did to all of them.
import { roundsTable, table } from "../harness/report.ts";
import { median } from "../harness/rounds.ts";
import { against, type TelemetryResults } from "./compare.ts";

export const tables = ({ nothing, parts, textbooks }: TelemetryResults): string => {
  const [first, control] = nothing;
  const rows = [...parts, control].map((result) => {
    const cpu = against(nothing, result, "cpu").map(({ more }) => more);
    const p99 = against(nothing, result, "p99").map(({ times }) => times);
    return [result.target.name, median(cpu).toFixed(2), median(p99).toFixed(2), cpu.map((n) => n.toFixed(2)).join(" "), p99.map((n) => n.toFixed(2)).join(" ")];
  });
  return [
    roundsTable([first, ...parts, control, ...textbooks]),
    table(["server", "CPU us/req over nothing", "p99 against nothing", "CPU us/req over nothing, all rounds", "p99 against nothing, all rounds"], rows),
  ].join("\n\n");
};
