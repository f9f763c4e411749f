// The edges of what shapes the pods: scaling, placement, who may reach them. Lists are replaced as a whole.
type Edges = readonly (readonly [path: string, values: readonly unknown[]])[];

const a = (length: number): string => "a".repeat(length);
const wrongTypes = ["", "text", 3, true, [], {}, null];

const whole = (...around: unknown[]): readonly unknown[] => [...around, "3", 1.5, true, null];

const toleration = (...items: unknown[]): unknown[] => items.map((item) => [item]);

/** What a field of an optional part needs around it to be valid. */
export const podsCompany: readonly (readonly [path: string, object: string, good: object])[] = [["autoscaling", "autoscaling", { maxReplicas: 5 }]];

export const podsEdges: Edges = [
  ["autoscaling", [{ maxReplicas: 5 }, { minReplicas: 1, maxReplicas: 1 }, { minReplicas: 2 }, { minReplicas: 4, maxReplicas: 3 }, { maxReplicas: 1 }, { maxReplicas: 2 }, { maxReplicas: 16 }, { maxReplicas: 17 }, { minReplicas: 0, maxReplicas: 3 }]],
  ["autoscaling.minReplicas", whole(0, 1, 5, 6, 16)],
  ["autoscaling.maxReplicas", whole(0, 1, 2, 16, 17)],
  ["autoscaling.targetCPUUtilizationPercentage", whole(9, 10, 80, 500, 501)],
  ["disruption.maxUnavailable", whole(0, 1, 16, 17)],
  ["topologySpread", ["Soft", "Hard", "None", "soft", "", null, 1]],
  ["priorityClassName", ["a", "a.b", "a..b", "-a", "A", a(253), a(254), "system-node-critical", "", 1, null]],
  [
    "imagePullSecrets",
    [[], [{ name: "a" }], [{ name: "a" }, { name: "b" }], [{ name: "a" }, { name: "a" }], [{}], [{ name: "A" }], [{ name: a(254) }], [{ name: "a", key: "b" }], ["a"], Array.from({ length: 8 }, (_, i) => ({ name: `s${i}` })), Array.from({ length: 9 }, (_, i) => ({ name: `s${i}` })), ...wrongTypes],
  ],
  [
    "tolerations",
    [
      ...toleration({ operator: "Exists" }, { key: "a" }, { key: "a", value: "b" }, { key: "a", operator: "Exists", value: "" }, { key: "a", operator: "Exists", value: "b" }, { value: "b" }, {}, { operator: "Equal" }),
      ...toleration({ key: "example.com/a" }, { key: "a/b/c" }, { key: "-a" }, { key: a(63) }, { key: a(64) }, { key: "a", value: a(63) }, { key: "a", value: a(64) }, { key: "a", value: "a b" }),
      ...toleration({ key: "a", effect: "NoExecute", tolerationSeconds: 0 }, { key: "a", effect: "NoExecute", tolerationSeconds: -1 }, { key: "a", tolerationSeconds: 1 }, { key: "a", effect: "NoSchedule", tolerationSeconds: 1 }, { key: "a", effect: "Never" }, { key: "a", operator: "Lt", value: "1" }, { key: "a", extra: 1 }),
      Array.from({ length: 16 }, () => ({ key: "a" })),
      Array.from({ length: 17 }, () => ({ key: "a" })),
      ...wrongTypes,
    ],
  ],
  ["networkPolicy.mode", ["Managed", "Disabled", "managed", "", null]],
  [
    "networkPolicy.clients",
    [
      [{}],
      [{ podSelector: {} }],
      [{ namespaceSelector: { matchLabels: { team: "a" } }, podSelector: { matchLabels: { "app.kubernetes.io/name": "a" } } }],
      [{ podSelector: { matchLabels: {} } }],
      [{ podSelector: { matchLabels: { "a b": "c" } } }],
      [{ podSelector: { matchLabels: { a: "b c" } } }],
      [{ podSelector: { matchExpressions: [] } }],
      [{ ipBlock: { cidr: "10.0.0.0/8" } }],
      Array.from({ length: 16 }, () => ({ podSelector: {} })),
      Array.from({ length: 17 }, () => ({ podSelector: {} })),
      ...wrongTypes,
    ],
  ],
  ["networkPolicy.monitoringNamespaces", [["a"], ["a", "a"], ["a", "b"], ["A"], [""], ["-a"], [a(63)], [a(64)], [1], Array.from({ length: 16 }, (_, i) => `n${i}`), Array.from({ length: 17 }, (_, i) => `n${i}`), ...wrongTypes]],
];
