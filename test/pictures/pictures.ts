// Which pictures there are: rows of the three dashboards. A closed row is drawn as if it were opened.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { boards, tenantBoard, type Board } from "../operator/observability/boards.ts";
import { takePicture } from "./chromium.ts";
import { pageOf, readAssets, type Source } from "./page.ts";
import { caches, promised } from "./world/fleet.ts";

const tenant = tenantBoard(caches[0], promised);
const width = 1_600;

export const pictures = {
  "tenant-service-level": [tenant, ["Service level"]],
  "tenant-traffic": [tenant, ["Traffic"]],
  "tenant-latency": [tenant, ["Latency"]],
  "tenant-capacity": [tenant, ["Capacity"]],
  "tenant-peers": [tenant, ["Peers and replication"]],
  "tenant-runtime": [tenant, ["Runtime"]],
  "tenant-logs": [tenant, ["Logs and traces"]],
  fleet: [boards.fleet, ["All tenants", "Alerts", "Instances", "The largest"]],
  operator: [boards.operator, ["Overview", "Reconciles", "Queue", "API server"]],
  "operator-resources": [boards.operator, ["Resources", "Children", "Watches"]],
} as const;

/** The rest: not for the documentation, but somebody should look at it too. */
export const toLookAt = {
  "tenant-closed": [tenant, ["Cost of telemetry", "About the pods"]],
  "fleet-trends": [boards.fleet, ["Over time, by tenant"]],
  "operator-process": [boards.operator, ["Process", "Cost of telemetry"]],
} as const;

export const draw = async (of: Readonly<Record<string, readonly [Board, readonly string[]]>>, source: Source, folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const assets = await readAssets();
  for (const [name, [board, rows]] of Object.entries(of)) await takePicture(await pageOf(board, rows, width, source, assets), width, join(folder, `${name}.png`));
};
