// Values of spec.monitoring.rules from where verdicts change.
const a = (length: number): string => "a".repeat(length);
const wrongTypes = ["", "text", 3, 1.5, true, [], {}, null];

const one = (set: unknown, name = "KVResponderErrors"): unknown => ({ [name]: set });
const thresholds = (name: string, ...values: readonly unknown[]): unknown[] => values.map((threshold) => one({ threshold }, name));
const percents = [94.9, 95, 99.9, 99.999, 99.9999, 100, 0, -1, "99", ...wrongTypes];

const names = ["team", "_a", "a1", "1a", "a-b", "a.b", "ü", "", a(63), a(64), "severity", "severity2", "signal", "window", "namespace", "tenant", "kvresponder", "alertname", "cluster", "prometheus", "__name__", "__x", "_x"];
const values = ["", "checkout", a(128), a(129), "{{ $value }}", "a{b", "a}b", "a b", "ü", "a\nb", 1, true, null];

export const rulesEdges: readonly (readonly [path: string, values: readonly unknown[]])[] = [
  ["monitoring.rules.objectives.availability", percents],
  ["monitoring.rules.objectives.latency.percent", percents],
  ["monitoring.rules.objectives.latency.threshold", ["100us", "250us", "1ms", "2.5ms", "10ms", "500ms", "1s", "3ms", "10 ms", "0.01", 0.01, ...wrongTypes]],
  [
    "monitoring.rules.extraLabels",
    [...names.map((name) => ({ [name]: "x" })), ...values.map((value) => ({ team: value })), ...[15, 16, 17].map((n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, "v"]))), ...wrongTypes],
  ],
  [
    "monitoring.rules.overrides",
    [
      ...["KVResponderDown", "KVResponderDow", "KVResponderdown", "HighErrorRate", "constructor", "__proto__x", ""].map((name) => one({ enabled: false }, name)),
      ...[{}, { enabled: true }, { enabled: "no" }, { severity: "info" }, { severity: "page" }, { for: "0s" }, { for: "24h" }, { for: "24h1ms" }, { for: "1d" }, { for: "" }, { unknown: 1 }, null, "x"].map((set) => one(set)),
      ...thresholds("KVResponderErrors", -1, 0, 0.5, 1, 1_000_000, 1_000_001, "5", null, true),
      ...thresholds("KVResponderMemoryHigh", 0.0999, 0.1, 0.9, 1, 1.001),
      ...thresholds("KVResponderReplicationLagHigh", 0, 0.0009, 0.001, 30, 30.1),
      ...thresholds("KVResponderDown", 0, 1),
      ...thresholds("KVResponderErrorBudgetBurnFast", 0.5),
      { KVResponderErrors: { threshold: 1 }, KVResponderMemoryHigh: { threshold: 2 } },
      ...wrongTypes,
    ],
  ],
];
