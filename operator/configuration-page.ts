// docs/configuration.md: where what is set, and the operator's flags.
import { flagOf, flags } from "./chart/values.ts";
import { usage } from "./options.ts";

/** Flags that the chart sets by itself, or that only a run by hand needs. */
const others: Readonly<Record<string, readonly [value: string, what: string]>> = {
  "responder-image": ["`responderImage`", "The image of tenants' pods where `spec.image` is absent. The one flag that must be there."],
  port: ["", "Port of `/metrics`, `/livez` and `/readyz`. 0 picks a free one."],
  host: ["", "Address that it listens on."],
  namespaces: ["`watchNamespaces`", "The namespaces whose KVResponders are tended, with a Role in each ([config/namespaced](../config/namespaced/README.md)). Absent: all."],
  kubeconfig: ["", "Path of a kubeconfig. Absent: the pod's account."],
};

/** "[--workers 4]", "--responder-image IMAGE". Capitals stand for a value that has no default. */
const flagsOfUsage = (): (readonly [flag: string, fallback: string])[] =>
  [...usage.matchAll(/--([a-z-]+) ([^\s\]]+)/g)].map(([, flag = "", value = ""]) => [flag, /^[A-Z]+(=|,|$)/.test(value) ? "" : (value.split("|")[0] ?? "")] as const);

const row = ([flag, fallback]: readonly [string, string]): string => {
  const name = Object.keys(flags).find((each) => flagOf(each) === flag);
  const [value, what] = name === undefined ? (others[flag] ?? []) : [`\`config.${name}\``, flags[name]?.description ?? ""];
  if (what === undefined) throw new Error(`--${flag} has no description for docs/configuration.md`);
  return `| \`--${flag}\` | ${fallback === "" ? "" : `\`${fallback}\``} | ${value} | ${what} |`;
};

/** Markdown, ending in a line break. */
export const configurationPage = (): string => `<!-- Made by operator/generate.ts; do not edit. -->
# Configuration

| what | where | reference |
|---|---|---|
| a tenant | the fields of its KVResponder; or the values of the tenant's chart, which are the same | [api.md](api.md), [values](../config/helm/kv-responder/README.md) |
| the operator | its flags, below; or the values of its chart | [values](../config/helm/kv-responder-operator/README.md) |
| how the operator runs | its Deployment: resources, placement, replicas (one, until there is a leader election) | [install.md](install.md) |
| monitoring as a whole | labels that your Prometheus selects by, where Grafana is | [MONITORING.md](MONITORING.md) |

The operator has no settings in its environment but those of Node (NODE_OPTIONS, its heap). A change of a flag restarts the operator, not the caches.

## The operator's flags
| flag | default | value of the chart | what it is |
|---|---|---|---|
${flagsOfUsage().map(row).join("\n")}
`;
