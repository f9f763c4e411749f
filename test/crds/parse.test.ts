// Reading resources without a cluster: the verdicts and the words that users of `kvr render` meet.
import { effectiveTenant } from "#crds/kvresponder";
import { parseResource, parseSpec } from "#crds/parse";
import { describe, expect, test } from "vitest";

const resource = (spec: unknown, name = "orders") => ({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name }, spec });

const problems = (object: unknown): readonly string[] => {
  const parsed = parseResource(object);
  return parsed.ok ? [] : parsed.problems;
};

describe("accepted", () => {
  test("a name is all it takes", () => {
    const parsed = parseResource({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name: "orders" } });
    expect(parsed).toEqual({
      ok: true,
      resource: {
        apiVersion: "kvresponder.io/v1alpha1",
        kind: "KVResponder",
        metadata: { name: "orders" },
        spec: {
          replicas: 3,
          disruption: { maxUnavailable: 1 },
          paused: false,
          topologySpread: "Soft",
          networkPolicy: { mode: "Managed" },
          cache: { maxMemory: "256Mi", maxValueBytes: 1_048_576, evictionPolicy: "TinyLFU" },
          replication: { mode: "Peers", ack: "Local", tombstoneRetention: "10m", warmupTimeout: "60s" },
          protocols: { resp: { enabled: false, port: 6379 } },
          auth: { mode: "Token" },
          monitoring: { serviceMonitor: { mode: "Managed", interval: "30s", scrapeTimeout: "10s", sampleLimit: 2_000, labelLimit: 30, labelValueLengthLimit: 128, bodySizeLimit: "4MB" }, rules: { mode: "Managed", objectives: { availability: 99.9, latency: { percent: 99, threshold: "10ms" } } }, dashboard: { mode: "Managed", format: "ConfigMap" }, routing: { mode: "Managed", groupWait: "30s", groupInterval: "5m", repeatInterval: "4h" } },
          logging: { level: "info", requests: { sample: 100, slowMs: 100, keyHash: false } },
          tracing: { sampleRatio: 0.01 },
        },
      },
    });
  });

  test("numbers where Kubernetes takes quantities; parsed, they are text", () => {
    const parsed = parseSpec({ cache: { maxMemory: 268_435_456 }, resources: { limits: { cpu: 1 } } });
    expect(parsed).toMatchObject({ ok: true, spec: { cache: { maxMemory: "268435456" }, resources: { limits: { cpu: "1" } } } });
  });

  test("headings with nothing below them", () => {
    expect(parseSpec({ tenant: null, cache: null, resources: { limits: null }, monitoring: { rules: { labels: { team: null } } } })).toMatchObject({
      ok: true,
      spec: { cache: { maxMemory: "256Mi" }, resources: {}, monitoring: { rules: { labels: {} } } },
    });
    expect(parseSpec(null)).toEqual(parseSpec({}));
  });

  test("metadata that rendering needs is kept, the rest is not looked at", () => {
    const metadata = { name: "a", namespace: "n", labels: { l: "1" }, annotations: { a: "2" }, uid: "u", generation: 4 };
    const parsed = parseResource({ ...resource({}), metadata: { ...metadata, resourceVersion: "7", managedFields: [] }, status: { anything: true } });
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed.ok && parsed.resource.metadata).toEqual(metadata);
  });

  test("parseSpec drops unknown fields, as the API server stores a spec", () => {
    const parsed = parseSpec({ replica: 3 });
    expect(parsed).toEqual(parseSpec({}));
  });

  test("the tenant is the name unless the spec says otherwise", () => {
    expect(effectiveTenant("orders", {})).toBe("orders");
    expect(effectiveTenant("orders", { tenant: "acme" })).toBe("acme");
  });
});

describe("refused, in words", () => {
  test.each([undefined, null, 3, "text", []])("%j is no object", (value) => expect(problems(value)).toEqual(["not a Kubernetes object: expected apiVersion, kind, metadata and spec"]));

  test("another kind", () =>
    expect(problems({ apiVersion: "v1", kind: "Pod" })).toEqual(["apiVersion: must be kvresponder.io/v1alpha1", "kind: must be KVResponder", "metadata: is required"]));

  test("no name", () => expect(problems({ ...resource({}), metadata: {} })).toEqual(["metadata.name: is required"]));

  test.each(["1a", "-a", "a-", "A", "a.b", "a".repeat(51), ""])("the name %j", (name) => expect(problems(resource({}, name))).toEqual([expect.stringContaining("metadata.name: must start with a letter")]));

  test("misspelt fields, at any depth and beside other problems", () =>
    expect(problems({ ...resource({ replica: 3, cache: { maxmemory: "1Gi" }, logging: { level: "loud" } }), sepc: {} })).toEqual([
      "sepc: unknown field",
      "spec.replica: unknown field",
      "spec.cache.maxmemory: unknown field",
      expect.stringContaining("spec.logging.level: "),
    ]));

  test("a memory limit that is one byte too small; one more is enough", () => {
    const limited = (memory: number | string) => problems(resource({ cache: { maxMemory: "256Mi" }, resources: { limits: { memory } } }));
    expect(limited(436 * 2 ** 20 - 1)).toEqual([expect.stringMatching(/^spec\.resources\.limits\.memory: the memory limit is too small .* 1\.0625 x maxMemory \+ 4 x maxValueBytes \+ 160Mi/)]);
    expect(limited(436 * 2 ** 20)).toEqual([]);
    expect(limited("436Mi")).toEqual([]);
  });

  test("a scrape that may outlast its interval", () =>
    expect(problems(resource({ monitoring: { serviceMonitor: { interval: "5s" } } }))).toEqual(["spec.monitoring.serviceMonitor.scrapeTimeout: scrapeTimeout (10s when absent) must not be longer than interval; set both"]));

  test("pods that do not copy to each other: one is the most", () => {
    const alone = (replicas: number | undefined) => problems(resource({ ...(replicas !== undefined && { replicas }), replication: { mode: "None" } }));
    expect([alone(0), alone(1)]).toEqual([[], []]);
    for (const replicas of [2, undefined]) {
      expect(alone(replicas)).toEqual(["spec.replication.mode: replication.mode None is for one pod at most: set replicas to 1 (3 when absent) without autoscaling, or replication.mode to Peers"]);
    }
  });

  test("labels that are not the user's to set; those that only look like it are", () => {
    const withLabel = (key: string) => problems(resource({ monitoring: { rules: { labels: { [key]: "x" } } } }));
    const reserved = ["kvresponder.io/tenant", "kvresponder.io/name", "argocd.argoproj.io/instance", ...["name", "instance", "component", "managed-by"].map((name) => `app.kubernetes.io/${name}`)];
    for (const key of reserved) expect(withLabel(key), key).toEqual([expect.stringContaining("are set by the operator or Argo CD")]);
    for (const key of ["team", "app.kubernetes.io/part-of", "my.kvresponder.io/x", "kvresponder.io.example/x"]) expect(withLabel(key), key).toEqual([]);
  });

  test("the key of a label is named as the API server names it", () =>
    expect(problems(resource({ monitoring: { dashboard: { labels: { team: "a b" } } } }))).toEqual([expect.stringMatching(/^spec\.monitoring\.dashboard\.labels\[team\]: must be a label value/)]));

  test("a malformed part is reported once, not again by the rules that compare it", () =>
    expect(
      problems(resource({ cache: { maxMemory: "lots" }, resources: { limits: { memory: "1Gi" }, requests: { memory: "few" } }, monitoring: { serviceMonitor: { interval: "often", scrapeTimeout: "" } } })).map((p) => p.split(":", 1)[0]),
    ).toEqual(["spec.resources.requests.memory", "spec.cache.maxMemory", "spec.monitoring.serviceMonitor.interval", "spec.monitoring.serviceMonitor.scrapeTimeout"]));
});
