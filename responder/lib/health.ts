// Named health checks behind /livez and /readyz, with the text that kubectl users know from the API server.

/** The reason why it fails, undefined when it passes. Must be cheap: probes ask every few seconds. */
export type Check = () => string | undefined;

export interface HealthReport {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly problem: string | undefined }[];
}

export const checkHealth = (checks: Readonly<Record<string, Check>>): HealthReport => {
  const results = Object.entries(checks).map(([name, check]) => ({ name, problem: check() }));
  return { ok: results.every((r) => r.problem === undefined), checks: results };
};

/** Terse when all is well, unless asked for every check. */
export const healthText = ({ ok, checks }: HealthReport, verbose: boolean): string => {
  if (ok && !verbose) return "ok\n";
  const lines = checks.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`));
  return `${[...lines, ok ? "ok" : "not ok"].join("\n")}\n`;
};
