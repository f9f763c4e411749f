// What all dashboards have in common: read only, of the last hour, looked at twice a minute.
import { layOut } from "./layout.ts";
import type { Row } from "./panel.ts";

const docs = "https://github.com/kv-responder/kv-responder/blob/main/docs";

export interface DashboardSpec {
  /** Stable, 40 characters at most. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly variables: readonly object[];
  readonly annotations: readonly object[];
  readonly links?: readonly object[];
  readonly rows: readonly Row[];
}

/** A link in the head of a dashboard to a page of the documentation. */
const docsLink = (title: string, page: string): object => ({ title, type: "link", icon: "doc", url: `${docs}/${page}`, targetBlank: true, tags: [], asDropdown: false, includeVars: false, keepTime: false, tooltip: "" });

/** A menu of all dashboards that have the tag; Grafana finds them itself. */
export const dashboardsLink = (title: string, tag: string): object => ({ title, type: "dashboards", icon: "external link", url: "", targetBlank: false, tags: [tag], asDropdown: true, includeVars: false, keepTime: true, tooltip: "" });

export const dashboard = ({ uid, title, description, tags, variables, annotations, links = [], rows }: DashboardSpec): object => ({
  uid,
  title,
  description,
  tags,
  schemaVersion: 39,
  editable: false,
  graphTooltip: 1,
  refresh: "30s",
  time: { from: "now-1h", to: "now" },
  timezone: "browser",
  templating: { list: variables },
  annotations: { list: annotations },
  links: [...links, docsLink("What the panels mean", "dashboards.md"), docsLink("Runbooks", "runbooks")],
  panels: layOut(rows),
});
