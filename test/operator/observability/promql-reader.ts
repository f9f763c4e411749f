// Reads PromQL with the official grammar: whether it parses, which metrics it names, and what each selector pins down.
import { parser } from "@prometheus-io/lezer-promql";

/** What Grafana puts in place of its variables before it asks Prometheus, with everything chosen. */
const all = { __rate_interval: "2m", __range: "1h", limit: "10", pod: ".+", job: ".+", instance: ".+", tenant: ".+", namespace: ".+" };

export const asGrafanaAsks = (text: string, values: Partial<typeof all> = {}): string =>
  text.replaceAll(/\$(\w+)/g, (whole, name: string) => ({ ...all, ...values })[name as keyof typeof all] ?? whole);

export interface Selector {
  readonly metric: string;
  /** As written: `pod=~".+"`. */
  readonly matchers: readonly string[];
}

export interface Reading {
  readonly errors: number;
  readonly selectors: readonly Selector[];
}

export const readPromql = (text: string): Reading => {
  let errors = 0;
  const selectors: { metric: string; matchers: string[] }[] = [];
  parser.parse(text).iterate({
    enter: (node) => {
      if (node.type.isError) errors += 1;
      if (node.name === "VectorSelector") selectors.push({ metric: "", matchers: [] });
      const last = selectors.at(-1);
      // a grouping label is an Identifier too, so only the one right under a selector counts
      if (last && node.name === "Identifier" && node.node.parent?.name === "VectorSelector") last.metric = text.slice(node.from, node.to);
      if (last && node.name.endsWith("Matcher")) last.matchers.push(text.slice(node.from, node.to));
    },
  });
  return { errors, selectors };
};
