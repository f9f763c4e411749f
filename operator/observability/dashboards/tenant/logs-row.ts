// The row that leads from numbers to what happened: failed and slow requests in the logs, and the way to their traces.
import { logs, text } from "../../grafana/lists.ts";
import type { Row } from "../../grafana/panel.ts";
import type { Subject } from "../../subject.ts";

/** LogQL of lines that somebody may want to see. The namespace is the log store's own label and cannot be claimed; the rest is read from the line. */
const unusual = ({ namespace, name, tenant }: Subject): string =>
  [
    `{namespace="${namespace}"}`,
    // a cheap look at the text first, so that only this instance's lines are taken apart
    `|= \`"kvresponder":"${name}"\``,
    `| json | tenant="${tenant}" | kvresponder="${name}" | pod=~"$pod"`,
    // a slow scrape is Prometheus's business, and there is one for each pod all the time
    `| route!="metrics" | level=~"warn|error|fatal" or durationMs > 100 or status >= 500 or msg="slow commands"`,
    // the whole line is there when it is opened
    `| line_format "{{.pod}} {{.msg}} {{.method}} {{.route}} {{.command}} {{.status}} {{if .durationMs}}{{.durationMs}} ms{{end}}"`,
  ].join(" ");

const traces = `**From a graph**: the points in *Latency* panels are exemplars. Each carries a \`trace_id\`; if the Prometheus data source has an *exemplar* link to your trace store, a click opens the trace.

**From a line of log**: open the line; \`trace_id\` is a field of it. With a *derived field* in the Loki data source it is a link too.

**From an answer**: send a W3C \`traceparent\` with the sampled flag, and the request, its replication and its application at each peer are one trace.

No points, or no \`trace_id\`: see \`spec.tracing\`, and *Exemplars* in the documentation of the dashboards.`;

export const logsRow = (subject: Subject): Row => ({
  title: "Logs and traces",
  panels: [
    logs({ title: "Failed and slow", description: "Lines of this instance that are warnings or worse, requests that failed, and what lasted longer than 100 ms: slow requests, and peers that were lost or found. Scrapes are left out. Open a line to see all of its fields.", expr: unusual(subject) }),
    text({ title: "To the traces", description: "How to get from what is seen here to the traces of requests.", content: traces }),
  ],
});
