// The three dashboards as Grafana reads them, for the tests that hold them to rules.
import { responderMetrics } from "#contract/metrics";
import { objectives } from "#crds/objectives";
import type { Catalogue } from "#telemetry/catalogue";
import { processSeries, prometheusSeries } from "#telemetry/platform-series";
import { operatorMetrics } from "../../../operator/metrics.ts";
import { fleetDashboard } from "../../../operator/observability/fleet-dashboard.ts";
import { operatorDashboard } from "../../../operator/observability/operator-dashboard.ts";
import { tenantDashboard } from "../../../operator/observability/tenant-dashboard.ts";

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly instant?: boolean;
  readonly format?: string;
  readonly exemplar?: boolean;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly collapsed?: boolean;
  readonly panels?: readonly Panel[];
  readonly datasource?: object;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly links?: readonly { readonly url: string }[] }; readonly overrides: readonly { readonly matcher: { readonly options: string }; readonly properties: readonly { readonly id: string; readonly value: unknown }[] }[] };
  readonly options?: Readonly<Record<string, unknown>>;
  readonly targets?: readonly Target[];
  readonly transformations?: readonly { readonly id: string; readonly options: { readonly excludeByName?: Record<string, boolean>; readonly renameByName?: Record<string, string> } }[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly query: unknown;
  readonly refresh?: number;
  readonly hide?: number;
  readonly allValue?: string;
}

export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly editable: boolean;
  readonly panels: readonly Panel[];
  readonly links: readonly { readonly type: string; readonly url: string; readonly tags: readonly string[] }[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string; readonly useValueForTime?: boolean }[] };
}

export const subject = { namespace: "team-a", name: "orders", tenant: "acme" };

/** As it is stored and read again. */
const read = (made: object): Board => JSON.parse(JSON.stringify(made)) as Board;

export const tenantBoard = (of = subject, promised = objectives.parse({})): Board => read(tenantDashboard(of, promised));

export const boards = { tenant: tenantBoard(), fleet: read(fleetDashboard()), operator: read(operatorDashboard()) } as const;
export type BoardName = keyof typeof boards;

/** Those of collapsed rows too, without the rows. */
export const panelsOf = ({ panels }: Pick<Board, "panels">): Panel[] => panels.flatMap((p) => (p.type === "row" ? (p.panels ?? []) : [p]));

/** The series that a catalogue's metrics are exposed as. */
const exposed = (catalogue: Catalogue): string[] => Object.entries(catalogue).flatMap(([name, { type }]) => (type === "histogram" ? ["bucket", "count", "sum"].map((part) => `${name}_${part}`) : [name]));

const responder = new Set(exposed({ ...responderMetrics, ...processSeries, ...prometheusSeries }));

/** What a dashboard may ask for. */
export const seriesOf: Readonly<Record<BoardName, ReadonlySet<string>>> = {
  tenant: responder,
  fleet: responder,
  operator: new Set(exposed({ ...operatorMetrics, ...processSeries, ...prometheusSeries })),
};
