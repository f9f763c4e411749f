// Specs near the edge between valid and invalid: every field's values from where verdicts change, one by one and in random company.
import { memoryHeadroom } from "#crds/kvresponder";
import fc from "fast-check";
import { company, routingEdges } from "./routing-edges.ts";
import { podsCompany, podsEdges } from "./pods-edges.ts";
import { rulesEdges } from "./rules-edges.ts";

const a = (length: number): string => "a".repeat(length);
const wrongTypes = ["", "text", 3, 1.5, true, [], {}, null];

const text = (...values: unknown[]): readonly unknown[] => [...values, ...wrongTypes];

/** Amounts as people write them, and as they should not. */
const amount: readonly unknown[] = [
  ["", "m", "k", "Ki", "M", "Mi", "G", "Gi", "T", "Ti", "P", "Ei", "K", "mi", "e3", "MiB"].flatMap((suffix) => [`1${suffix}`, `1.5${suffix}`]),
  ["0", "0.001", "1.0001Gi", "0Mi", "1024Gi", "1025Gi", "1.001Ti", "1048575", "1048576", "1023Ki", "1024Ki"],
  ["999999Ti", "1000000Ti", "999999999Gi", "1000000000Gi", "123456789012345", "1234567890123456", "999999m", "1000000m", "9999", "10000"],
  ["-1Mi", "+1Mi", "1.Mi", ".5Gi", "1 Mi", " 1Mi", "1Mi\n", "１Mi", "0x10", "1e3", "1E"],
  [1_048_575, 1_048_576, -1, 0, 0.5, 1, 2 ** 53, 1e21],
  wrongTypes,
].flat();

const duration = text("0s", "1ms", "99ms", "100ms", "999ms", "1000ms", "1s", "5s", "10s", "29s", "30s", "31s", "1m60s", "119s999ms", "2m", "2m1ms", "121s", "1h", "1h30m", "30m1h", "1d", "1.5s", "-1s", "+1s", "1s ", "1us", "1µs", "23h59m", "24h", "24h1ms", "59s999ms", "30m", "30m1ms", "87600h", "87600h1ms", "87601h", "999999h", "1000000h", "9999999999s", "s", "1");

const keys = ["team", "a", a(63), a(64), "A.b_c-d", "-a", "a-", "_a", "ü", "", "example.com/team", "Example.com/team", "a..b/c", "-a/b", "a/b/c", "/a", "a/", `${a(189)}.x/${a(61)}`, `${a(190)}.x/${a(61)}`, "kvresponder.io/tenant", "kvresponder.io.example/x", "my.kvresponder.io/x", "app.kubernetes.io/name", "app.kubernetes.io/named", "app.kubernetes.io/part-of", "app.kubernetes.io/instance", "app.kubernetes.io/component", "app.kubernetes.io/managed-by", "argocd.argoproj.io/sync-wave"];
const values = ["", "a", a(63), a(64), "a_b.c-D", "-a", "a-", "a b", "ü", "😀", 1, true, null];
const labels: readonly unknown[] = [
  ...keys.map((key) => ({ [key]: "x" })),
  ...values.map((value) => ({ team: value })),
  ...[15, 16, 17].map((n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, "v"]))),
  ...wrongTypes,
];

const mode = text("Managed", "Disabled", "managed", "Auto");

/** One field each, by path, with values from around its bounds. */
const edges: readonly (readonly [path: string, values: readonly unknown[]])[] = [
  ["tenant", text("a", a(63), a(64), "-a", "a-", "a-b", "A", "a.b", "1a", "ü", "a b", "a\n")],
  ["replicas", text(-1, 0, 1, 16, 17, 2 ** 31, 2 ** 53, 1e21, "3")],
  ["paused", text(false, "true", 0)],
  ["image", text("a", a(512), a(513), "registry.example.com:5000/a/b@sha256:0f", "Registry/a", "a b", "ü", "a\n", "/a")],
  ["cache.maxMemory", amount],
  ["cache.defaultTTL", duration],
  ["cache.maxEntries", text(0, 1, 67_108_864, 67_108_865, -1, "1")],
  ["cache.maxTTL", duration],
  ["cache.evictionPolicy", text("TinyLFU", "LRU", "NoEviction", "lru", "LFU")],
  ["protocols.resp.enabled", text(false, "true", 0)],
  ["protocols.resp.port", text(0, 1, 79, 80, 81, 6379, 9089, 9090, 65_535, 65_536, -1, "6379")],
  ["auth.mode", text("Token", "None", "token", "Basic")],
  ["auth.secretName", text("a", a(63), a(253), a(254), "a.b", "a..b", ".a", "a.", "-a", "a-", "A", "a_b", "ü", "a\n")],
  ["replication.mode", text("Peers", "None", "none", "Active")],
  ["replication.ack", text("Local", "One", "All", "local", "Quorum")],
  ["replication.tombstoneRetention", duration],
  ["replication.warmupTimeout", duration],
  ["cache.maxValueBytes", text(0, 1, 1_048_576, 67_108_864, 67_108_865, -1, "1")],
  ["resources.limits.memory", amount],
  ["resources.requests.memory", amount],
  ["resources.limits.cpu", amount],
  ["resources.requests.cpu", amount],
  ["monitoring.serviceMonitor.mode", mode],
  ["monitoring.serviceMonitor.interval", duration],
  ["monitoring.serviceMonitor.scrapeTimeout", duration],
  ["monitoring.serviceMonitor.labels", labels],
  ["monitoring.serviceMonitor.sampleLimit", text(499, 500, 1_000_000, 1_000_001, "1000")],
  ["monitoring.serviceMonitor.labelLimit", text(19, 20, 1_000, 1_001)],
  ["monitoring.serviceMonitor.labelValueLengthLimit", text(99, 100, 10_000, 10_001)],
  ["monitoring.serviceMonitor.bodySizeLimit", text("1KB", "999999GiB", "4MB", "0MB", "4", "4mb", "1.5MB", "4TB", "1000000MB", 4)],
  ["monitoring.rules.mode", mode],
  ["monitoring.rules.labels", labels],
  ["monitoring.dashboard.mode", mode],
  ["monitoring.dashboard.folder", text("a", a(128), a(129), "Team A_1.2-x", "ü", ".a", "../a", "a/b", " a")],
  ["monitoring.dashboard.labels", labels],
  ["monitoring.dashboard.format", text("ConfigMap", "GrafanaDashboard", "JSON")],
  ["monitoring.dashboard.instanceSelector.matchLabels", text({}, { dashboards: "grafana" }, { "app.kubernetes.io/name": "grafana" }, { "a b": "c" }, { a: "b c" })],
  ["monitoring.routing.mode", mode],
  ["monitoring.routing.labels", labels],
  ["monitoring.routing.groupWait", duration],
  ["monitoring.routing.groupInterval", duration],
  ["monitoring.routing.repeatInterval", [...duration, "4m59s", "5m", "120h", "120h1ms"]],
  ...rulesEdges,
  ...routingEdges,
  ...podsEdges,
  ["podLabels", labels],
  ["podAnnotations", [...labels, { a: "a".repeat(1024) }, { a: "a".repeat(1025) }, { "kubectl.kubernetes.io/restartedAt": "x" }]],
  ["service.annotations", labels],
  ["nodeSelector", labels],
  ["logging.level", text("trace", "error", "INFO", "loud")],
  ["logging.requests.sample", text(0, 1, 100, 1_000_000, 1_000_001, -1, 0.5, "1")],
  ["logging.requests.slowMs", text(0, 1, 60_000, 60_001, -1, "1")],
  ["logging.requests.keyHash", text(true, "true", 1)],
  ["tracing.sampleRatio", text(0, 1, 0.01, 1.01, -0.01, "0.1")],
  [
    "tracing.endpoint",
    text("http://a", "https://a.b-c:4318/x", "http://a:65535", "http://a:65536", "http://a:0", "http://a:", "http://", "a:4318", "ftp://a", "http://u:p@a", "http://a?b", "http://a#b", "http://a..b", "http://-a", "http://[::1]:4318", "http://a b", "http://a\n"),
  ],
  // whole parts, and fields that do not exist
  ...["cache", "resources", "resources.limits", "monitoring", "monitoring.rules", "logging", "logging.requests", "tracing", "protocols", "protocols.resp", "auth", "replication", "service", "disruption", "networkPolicy", "autoscaling"].map((path) => [path, text({})] as const),
  ...["replica", "cache.maxmemory", "auth.token", "protocols.http", "replication.factor", "monitoring.grafana", "logging.level2", "tracing.ratio"].map((path) => [path, text("x")] as const),
];

export const edgePaths: readonly string[] = edges.map(([path]) => path);

const set = (spec: Record<string, unknown>, path: string, at: unknown): void => {
  const parts = path.split(".");
  const last = parts.pop() ?? "";
  let node = spec;
  for (const part of parts) {
    const next = node[part];
    // a whole part may have been replaced by something else already
    node = (typeof next === "object" && next !== null && !Array.isArray(next) ? next : (node[part] = {})) as Record<string, unknown>;
  }
  node[last] = at;
};

type Assignment = readonly [path: string, value: unknown];

const edge = fc.constantFrom(...edges).chain(([path, around]) => fc.constantFrom(...around).map((at): Assignment => [path, at]));

const specOf = (assignments: readonly Assignment[]): object => {
  const spec = {};
  for (const [path, at] of assignments) {
    const [, object, good] = [...company, ...podsCompany].find(([below]) => path.startsWith(`${below}.`)) ?? [];
    const isFree = (part: string) => !assignments.some(([other]) => other === part);
    if (object !== undefined && isFree(object)) set(spec, object, structuredClone(good));
    // an autoscaler wants to know of what it takes a share
    if (path.startsWith("autoscaling") && isFree("resources") && isFree("resources.requests.cpu")) set(spec, "resources.requests", { cpu: 1 });
    set(spec, path, at);
  }
  return spec;
};

/** Every edge of every field, alone. */
export const singles: readonly object[] = edges.flatMap(([path, around]) => around.map((at) => specOf([[path, at]])));

const mebibyte = 2 ** 20;
const asWritten = (bytes: number) =>
  fc.constantFrom<unknown>(bytes, String(bytes), `${bytes / 1000}k`, ...(bytes % 1024 === 0 ? [`${bytes / 1024}Ki`] : []), ...(bytes % mebibyte === 0 ? [`${bytes / mebibyte}Mi`] : []));

/** Pairs of fields that a rule compares, as close to equal as they can be written. */
const pairs: fc.Arbitrary<readonly Assignment[]> = fc.oneof(
  // the limit against the smallest that holds maxMemory, with values up to the default of 1 MiB
  fc.tuple(fc.integer({ min: 1, max: 4096 }), fc.constantFrom(0, 4, 1000, 1024), fc.integer({ min: -1, max: 1 })).chain(([mi, odd, off]) => {
    const bytes = mi * mebibyte + odd;
    return fc.tuple(asWritten(bytes), asWritten(Math.ceil(bytes * (1 + memoryHeadroom.perEntryByte)) + (memoryHeadroom.fixedMi + memoryHeadroom.perValueByte) * mebibyte + off)).map(([max, limit]) => [["cache.maxMemory", max], ["resources.limits.memory", limit]] as const);
  }),
  fc.tuple(fc.integer({ min: 1000, max: 4000 }), fc.integer({ min: -1, max: 1 })).map(([thousandths, off]) => [["cache.maxMemory", `${thousandths / 1000}Mi`], ["cache.maxValueBytes", Math.ceil((thousandths * mebibyte) / 1000) + off]] as const),
  fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: -1, max: 1 })).map(([milli, off]) => [["resources.requests.cpu", `${milli + off}m`], ["resources.limits.cpu", milli % 1000 === 0 ? milli / 1000 : `${milli / 1000}`]] as const),
  fc.tuple(fc.integer({ min: 512, max: 2048 }), fc.integer({ min: -1, max: 1 })).chain(([mi, off]) => fc.tuple(asWritten(mi * mebibyte + off), asWritten(mi * mebibyte)).map(([request, limit]) => [["resources.requests.memory", request], ["resources.limits.memory", limit]] as const)),
  fc.tuple(fc.integer({ min: 2, max: 4000 }), fc.integer({ min: -1, max: 1 })).map(([s, off]) => [["cache.maxTTL", `${s}s`], ["cache.defaultTTL", `${s * 1000 + off}ms`]] as const),
  fc.tuple(fc.constantFrom("Token", "None"), fc.constantFrom("mine", "not mine")).map(([mode, name]) => [["auth.mode", mode], ["auth.secretName", name]] as const),
  fc.tuple(fc.constantFrom("Peers", "None"), fc.integer({ min: 0, max: 2 })).map(([mode, replicas]) => [["replication.mode", mode], ["replicas", replicas]] as const),
  fc.tuple(fc.integer({ min: 1, max: 120 }), fc.integer({ min: -1, max: 1 })).map(([s, off]) => [["monitoring.serviceMonitor.interval", `${s}s`], ["monitoring.serviceMonitor.scrapeTimeout", `${s * 1000 + off}ms`]] as const),
  fc.tuple(fc.integer({ min: 60, max: 7_200 }), fc.integer({ min: -1, max: 1 })).map(([s, off]) => [["monitoring.routing.repeatInterval", `${s}s`], ["monitoring.routing.groupInterval", `${s * 1000 + off}ms`]] as const),
);

export const names = fc.oneof(
  { weight: 9, arbitrary: fc.constant("orders") },
  { weight: 1, arbitrary: fc.constantFrom(a(50), a(51), "1a", "a1", "a-", "-a", "a.b", "A", "ü") },
);

/** A spec as a user could write it. */
export const specs: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.tuple(fc.array(edge, { maxLength: 2 }), fc.option(pairs, { nil: [] as readonly Assignment[] })).map(([some, pair]) => specOf([...some, ...pair])),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, [], "x", 3) },
);
