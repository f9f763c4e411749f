// What a running Prometheus says of its targets and rules.

export interface ActiveTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
}

export interface LoadedRule {
  readonly name: string;
  /** The expression as it is evaluated. */
  readonly query: string;
  readonly type: "alerting" | "recording";
  /** Of an alert: what it waits for, in seconds. */
  readonly duration?: number;
  readonly health: "ok" | "err" | "unknown";
  readonly lastError?: string;
  /** RFC 3339. */
  readonly lastEvaluation: string;
}

const ask = async (url: string, path: string): Promise<unknown> => {
  const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { readonly status: string; readonly error?: string; readonly data: unknown };
  if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
  return answer.data;
};

export const activeTargets = async (url: string): Promise<readonly ActiveTarget[]> => ((await ask(url, "targets?state=active")) as { readonly activeTargets: readonly ActiveTarget[] }).activeTargets;

/** Of the group of this name; none when it is not loaded. */
export const loadedRules = async (url: string, group: string): Promise<readonly LoadedRule[]> => {
  const { groups } = (await ask(url, "rules")) as { readonly groups: readonly { readonly name: string; readonly rules: readonly LoadedRule[] }[] };
  return groups.flatMap(({ name, rules }) => (name === group ? rules : []));
};

/** Names of the labels on the series that this selector matches. */
export const labelNames = async (url: string, selector: string): Promise<readonly string[]> => (await ask(url, `labels?${new URLSearchParams({ "match[]": selector })}`)) as readonly string[];
