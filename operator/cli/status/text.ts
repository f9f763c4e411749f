// The report as a person reads it: words and columns, no colours, no lines drawn.
import type { KVResponder } from "../../objects.ts";
import type { Report } from "./report.ts";

/** "45s", "12m", "3h", "9d": how long ago, as kubectl has it. */
export const age = (then: string | undefined, now: number): string => {
  const ms = then === undefined ? Number.NaN : now - Date.parse(then);
  if (Number.isNaN(ms)) return "-";
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
};

/** Columns two spaces apart, the last one as long as it is. */
const columns = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  ").trimEnd());
};

const orDash = (text: string | undefined): string => (text === undefined || text === "" ? "-" : text);

const generation = ({ generation: wanted, observedGeneration: seen }: Report): string => {
  if (seen < 0) return `${wanted}, not seen by an operator yet`;
  return seen === wanted ? `${wanted}, observed` : `${wanted}, observed is ${seen}`;
};

const headline = ({ ready, deleting, paused, conditions, generation: wanted }: Report): string => {
  const found = conditions.find((c) => c.type === "Ready");
  const of = found && found.observedGeneration !== wanted ? `, of generation ${found.observedGeneration}` : "";
  return [ready ? "yes" : "no", ...(found === undefined ? [] : [`(${found.reason}${of})`]), ...(deleting ? ["being deleted"] : []), ...(paused ? ["paused"] : [])].join(" ");
};

const token = ({ asksForToken, tokenSecret }: Report): string => (tokenSecret !== undefined ? `key token of Secret ${tokenSecret}` : asksForToken ? "-" : "none is asked for");

const section = (rows: readonly (readonly string[])[], empty: string): string[] => ["", ...(rows.length > 1 ? columns(rows) : [empty])];

export const reportText = (report: Report, now: number): string => {
  const { conditions, children, pods, next } = report;
  const facts = [
    ["Name", `${report.namespace}/${report.name}`],
    ["Tenant", orDash(report.tenant)],
    ["Ready", headline(report)],
    ["Pods", orDash(report.readyPods)],
    ["Peers", orDash(report.peers)],
    ["Generation", generation(report)],
    ["Image", orDash(report.images.join(", "))],
    ["Operator", orDash(report.operatorVersion)],
    ...Object.entries(report.endpoints).map(([name, address]) => [`Endpoint ${name}`, address]),
    ["Token", token(report)],
  ];
  return [
    ...columns(facts),
    ...section([["CONDITION", "STATUS", "REASON", "AGE", "MESSAGE"], ...conditions.map((c) => [c.type, c.status, c.reason, age(c.lastTransitionTime, now), c.message])], "No conditions yet."),
    ...section([["CHILD", "STATE"], ...children.map(({ kind, name, state }) => [`${kind}/${name}`, state])], "No children."),
    ...(pods === "forbidden"
      ? ["", "Pods: not permitted to list them."]
      : section([["POD", "READY", "STATE", "RESTARTS", "NODE", "AGE"], ...pods.map((p) => [p.name, p.ready ? "yes" : "no", p.state, String(p.restarts), orDash(p.node), age(p.created, now)])], "No pods.")),
    ...(next.length > 0 ? ["", "What to do:", ...next.map((step) => `  ${step}`)] : []),
    "",
  ].join("\n");
};

/** One line a resource. */
export const listText = (resources: readonly KVResponder[], now: number): string =>
  `${columns([
    ["NAMESPACE", "NAME", "TENANT", "READY", "STATUS", "PEERS", "GENERATION", "AGE"],
    ...resources.map(({ metadata, status }) => [
      metadata.namespace ?? "",
      metadata.name,
      orDash(status?.tenant),
      orDash(status?.ready),
      orDash(status?.conditions?.find((c) => c.type === "Ready")?.reason),
      orDash(status?.peers),
      status?.observedGeneration === metadata.generation ? "observed" : "not observed",
      age(metadata.creationTimestamp, now),
    ]),
  ]).join("\n")}\n`;
