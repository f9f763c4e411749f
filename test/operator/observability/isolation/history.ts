// What Prometheus remembers when the test begins: pods that were up, and hits of a day ago.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { identity } from "../../../../operator/observability/subject.ts";
import { resolveTools } from "../../../cluster/toolchain.ts";
import { podName, tenants } from "./tenants.ts";

const day = 86_400;

const labelsOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");

const openMetrics = (now: number, addressOf: (pod: string) => string): string => {
  const lines = ["# TYPE kvresponder:lookups_hit:ratio_rate30m gauge"];
  for (const who of tenants) for (let at = now - day - 600; at <= now - day + 3_600; at += 60) lines.push(`kvresponder:lookups_hit:ratio_rate30m{${labelsOf(identity(who))}} 0.9 ${at}`);
  // else every instance were down until its first scrape
  lines.push("# TYPE up gauge");
  for (const who of tenants)
    for (const letter of who.pods) {
      const service = `kv-responder-${who.name}`;
      const labels = labelsOf({ ...identity(who), job: service, service, pod: podName(who, letter), instance: addressOf(letter) });
      for (const at of [now - 60, now - 30, now]) lines.push(`up{${labels}} 1 ${at}`);
    }
  return `${lines.join("\n")}\n# EOF\n`;
};

/** Returns the data folder for Prometheus. */
export const writeHistory = async (folder: string, addressOf: (pod: string) => string): Promise<string> => {
  const { promtool } = await resolveTools(["promtool"]);
  const [from, to] = [join(folder, "history.om"), join(folder, "data")];
  await writeFile(from, openMetrics(Math.floor(Date.now() / 1_000), addressOf));
  await promisify(execFile)(promtool, ["tsdb", "create-blocks-from", "openmetrics", "--quiet", from, to]);
  return to;
};
