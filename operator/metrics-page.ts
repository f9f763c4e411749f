// The text of docs/metrics.md, from the catalogues of both programs.
import { responderMetrics } from "#contract/metrics";
import { sampleBound, type Catalogue, type LabelValues, type MetricDef } from "#telemetry/catalogue";
import { eventLoopEveryMs, gcBuckets, omittedProcessSeries } from "#telemetry/platform-series";
import { operatorMetrics } from "./metrics.ts";

const valuesOf = (values: LabelValues): string => {
  if (!("open" in values)) return values.join(", ");
  return values.bound === 1 ? "one value" : `up to ${values.bound} values`;
};

const labelsOf = ({ labels = {}, buckets }: MetricDef): string => {
  const lines = Object.entries(labels).map(([name, values]) => `\`${name}\`: ${valuesOf(values)}`);
  if (buckets) lines.push(`\`le\`: ${buckets.join(", ")}, +Inf`);
  return lines.join("<br>");
};

const table = (catalogue: Catalogue): string =>
  [
    "| metric | type | labels | samples | meaning |",
    "|---|---|---|---:|---|",
    ...Object.entries(catalogue).map(([name, def]) => `| \`${name}\` | ${def.type} | ${labelsOf(def)} | ${sampleBound(def)} | ${def.help} |`),
  ].join("\n");

const total = (catalogue: Catalogue): number => Object.values(catalogue).reduce((n, def) => n + sampleBound(def), 0);

export const metricsPage = (): string => `# Metrics

<!-- Made from responder/contract/metrics.ts and operator/metrics.ts by \`make generate\`; do not edit. -->

Both programs answer \`GET /metrics\` in Prometheus' text format (0.0.4), and as OpenMetrics (1.0.0) to who prefers it in \`Accept\`, as Prometheus does. How to collect and use them: \`docs/MONITORING.md\`.

- Every series with known labels is there at 0 from the start. \`samples\` is the most that a metric can come to; a pod of a tenant shows at most 500 in all, what Node and the process report included.
- No key, path, address or trace id is ever a label. What is not known is counted as \`other\`.
- \`tenant\`, \`namespace\`, \`kvresponder\`, \`pod\` and \`service\` are put on at the scrape, not by the process.
- Times are in seconds, sizes in bytes. Counters start at 0 with the process.
- In OpenMetrics the family of a counter has its name without \`_total\`, bounds are written as floats (\`le="1.0"\`; Prometheus 3 stores them so in either format), and buckets of \`kv_http_request_duration_seconds\` and \`kv_operation_duration_seconds\` carry the trace of the last HTTP request with a span that fell into them.
- A page is rendered in slices, and requests are answered in between. One scraper alone always gets a new page. Beyond ten a second, of each format (and ten more at once), scrapers get the last one, which is a tenth of a second old at most: fifty scrapes a second cost what ten do.

## Responder

At most ${total(responderMetrics)} samples.

${table(responderMetrics)}

## Operator

\`kvresponder\` and \`resource_namespace\` name the resource; its series go when it is deleted. \`--resource-series\` bounds them.

${table(operatorMetrics)}

## Process and Node

Both programs also show prom-client's default metrics under their usual names: \`process_*\` (processor time, memory, file descriptors, start) and \`nodejs_*\` (delay of the event loop, heap, garbage collection, handles and requests by type). Three things differ:

- The delay of the event loop is looked at every ${eventLoopEveryMs} ms, not every 10.
- The histogram of garbage collection has the bounds ${gcBuckets.join(", ")}.
- ${omittedProcessSeries.map((name) => `\`${name}\``).join(", ")} are left out: 39 samples for what the size of the whole heap tells.

## What is not there

- **Bytes that wait for a peer, and records that were dropped on the way.** What a peer has not got is a bit for each entry, not a queue: it has no bytes of its own, and nothing falls out of it. \`kv_replication_queue_items\` counts the bits.
- **Quotas of a tenant.** There are none beside \`kv_memory_limit_bytes\`.
- **Writes refused because of a drain.** A pod that stops answers what reaches it and closes its connections; no write is refused for it.
- **The revision of the source.** A build knows its version alone.
`;
