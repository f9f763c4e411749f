// The pods: confined, sized, told what to be, and left alone by what need not restart them.
import { parseEnv } from "#contract/env";
import { leastLimitBytes, memoryPlan } from "#contract/memory";
import { handOverSeconds } from "#contract/replication";
import { runtimeFile } from "#contract/runtime";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import type { RenderContext } from "../../../operator/render/context.ts";
import { deployment } from "../../../operator/render/deployment.ts";
import { terminationGraceSeconds } from "../../../operator/render/lifetime.ts";
import { anyContext, context } from "./contexts.ts";
import { podSecurityProblems, type PodSpec } from "./pod-security.ts";

interface Container {
  image: string;
  env: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[];
  resources: Record<"requests" | "limits", Record<string, string>>;
  ports: { name: string; containerPort: number }[];
  volumeMounts: { name: string; mountPath: string; subPath?: string }[];
  lifecycle: object;
}

interface Rendered {
  selector: object;
  strategy: object;
  replicas: number;
  progressDeadlineSeconds: number;
  template: { metadata: { labels: object }; spec: PodSpec & { containers: [Container & PodSpec["containers"][number]] } };
}

const rendered = (c: RenderContext): Rendered => (deployment(c) as KubeObject)["spec"] as Rendered;
const render = (spec: object = {}): Rendered => rendered(context(spec));
const responder = (spec: object = {}): Container => render(spec).template.spec.containers[0];

/** What the kubelet puts in place of a field. */
const downward: Record<string, string> = { "metadata.namespace": "shop", "metadata.name": "orders-0", "metadata.uid": "0b9c", "status.podIP": "10.244.0.7" };

/** The environment that the pod starts with. */
const environment = (c: Container): Record<string, string> => Object.fromEntries(c.env.map((e) => [e.name, e.value ?? downward[e.valueFrom?.fieldRef.fieldPath ?? ""] ?? ""]));

describe("confinement", () => {
  test("every pod that any resource leads to meets the restricted Pod Security Standard", () => {
    fc.assert(
      fc.property(anyContext, (c) => {
        const { template } = rendered(c);
        // a user may ask for less memory than the limit
        expect(podSecurityProblems(template.spec).filter((p) => p !== "responder: requests.memory")).toEqual([]);
        expect(template.spec["automountServiceAccountToken"]).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test("whatever is taken away is missed", () => {
    const pod = render().template.spec;
    const [container] = pod.containers;
    const without = (value: object, key: string): object => Object.fromEntries(Object.entries(value).filter(([k]) => k !== key));
    const lesser: [string, object][] = [
      ...["securityContext", "automountServiceAccountToken", "enableServiceLinks"].map((k): [string, object] => [k, without(pod, k)]),
      ...Object.keys(pod.securityContext ?? {}).map((k): [string, object] => [k, { ...pod, securityContext: without(pod.securityContext ?? {}, k) }]),
      ...["securityContext", "resources", "livenessProbe", "readinessProbe", "startupProbe"].map((k): [string, object] => [k, { ...pod, containers: [without(container, k)] }]),
      ...Object.keys(container.securityContext ?? {}).map((k): [string, object] => [
        k,
        { ...pod, containers: [{ ...container, securityContext: without(container.securityContext ?? {}, k) }] },
      ]),
      ["hostPath", { ...pod, volumes: [{ name: "x", hostPath: { path: "/" } }] }],
      ["hostNetwork", { ...pod, hostNetwork: true }],
    ];
    expect(lesser).toHaveLength(17);
    for (const [what, spec] of lesser) expect(podSecurityProblems(spec as PodSpec), what).not.toEqual([]);
  });
});

describe("rollouts", () => {
  test("a new pod is ready before an old one goes", () =>
    expect(render().strategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }));

  test("the selector holds names alone, so that it never has to change", () => {
    const selector = { matchLabels: { "app.kubernetes.io/name": "kv-responder", "kvresponder.io/name": "orders" } };
    expect(render().selector).toEqual(selector);
    expect(render({ tenant: "other", image: "x", replicas: 7 }).selector).toEqual(selector);
    expect(render().template.metadata.labels).toMatchObject(selector.matchLabels);
  });

  test("a pod has time to drain and to hand over, and a rollout has time for a pod to start and to warm up", () => {
    const { spec } = render().template;
    const drain = Number(environment(spec.containers[0])["KVR_DRAIN_SECONDS"]);
    const { preStop } = spec.containers[0].lifecycle as { preStop: { sleep: { seconds: number } } };
    expect(terminationGraceSeconds).toBeGreaterThan(preStop.sleep.seconds + drain + handOverSeconds);
    expect(spec["terminationGracePeriodSeconds"]).toBe(terminationGraceSeconds);
    const { startupProbe } = spec.containers[0] as { startupProbe?: { periodSeconds?: number; failureThreshold?: number } };
    const startSeconds = (startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0);
    for (const [warmupTimeout, seconds] of [["1s", 1], ["60s", 60], ["30m", 1800]] as const) {
      expect(render({ replication: { warmupTimeout } }).progressDeadlineSeconds).toBeGreaterThan(startSeconds + seconds);
    }
  });

  test("replicas are the spec's", () => expect(render({ replicas: 0 }).replicas).toBe(0));
});

describe("placement", () => {
  const pod = (spec: object = {}) => render(spec).template.spec as unknown as Record<string, unknown>;

  test.each([
    ["Soft", "ScheduleAnyway"],
    ["Hard", "DoNotSchedule"],
  ])("topologySpread %s", (topologySpread, whenUnsatisfiable) => {
    expect(pod({ topologySpread })["topologySpreadConstraints"]).toMatchObject([{ maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable, matchLabelKeys: ["pod-template-hash"] }]);
  });

  test("no spread", () => expect(pod({ topologySpread: "None" })).not.toHaveProperty("topologySpreadConstraints"));

  test("as given, and nothing where nothing is given", () => {
    const given = { nodeSelector: { disk: "ssd" }, tolerations: [{ key: "dedicated", value: "cache", effect: "NoSchedule" }], priorityClassName: "high", imagePullSecrets: [{ name: "registry" }] };
    expect(pod(given)).toMatchObject(given);
    for (const field of Object.keys(given)) expect(pod({ nodeSelector: {}, tolerations: [], imagePullSecrets: [] })).not.toHaveProperty(field);
  });

  test("labels and annotations of the pods; ours win, and the selector stays", () => {
    const { selector, template } = render({ podLabels: { team: "a" }, podAnnotations: { "example.com/note": "x" } });
    expect(template.metadata).toMatchObject({ labels: { team: "a", "kvresponder.io/name": "orders" }, annotations: { "example.com/note": "x" } });
    expect(selector).toEqual(render().selector);
    expect(render().template.metadata).not.toHaveProperty("annotations");
  });

  test("a restart that is asked for is a new template, and nothing else of the resource's annotations gets there", () => {
    const restarted = (annotations: object) => rendered(context({}, { annotations })).template;
    expect(restarted({ "kvresponder.io/restart": "2026-01-01T00:00:00Z", "argocd.argoproj.io/tracking-id": "x" }).metadata).toMatchObject({ annotations: { "kvresponder.io/restart": "2026-01-01T00:00:00Z" } });
    expect(restarted({ "argocd.argoproj.io/tracking-id": "x", "kvresponder.io/restart": "" })).toEqual(render().template);
  });
});

describe("what the responder is told", () => {
  test("parses, and says what the resource says", () => {
    const config = parseEnv(environment(responder({ tenant: "acme", cache: { maxMemory: "64Mi", defaultTTL: "1h30m", maxValueBytes: 1000 } })));
    expect(config).toMatchObject({
      tenant: "acme",
      name: "orders",
      namespace: "shop",
      pod: "orders-0",
      podUid: "0b9c",
      podIp: "10.244.0.7",
      service: "kv-responder-orders",
      maxMemoryBytes: 64 * 2 ** 20,
      defaultTtlSeconds: 5400,
      maxValueBytes: 1000,
      runtimeFile,
      host: "*",
      httpPort: 8080,
      metricsPort: 9090,
      drainSeconds: 20,
    });
  });

  test("parses for any resource", () => {
    fc.assert(fc.property(anyContext, (c) => void parseEnv(environment(rendered(c).template.spec.containers[0]))), { numRuns: 100 });
  });

  test("a time to live under a second is a second", () => {
    expect(environment(responder({ cache: { defaultTTL: "1s500ms" } }))["KVR_DEFAULT_TTL"]).toBe("2");
  });

  test("its heap is bounded by its memory", () => {
    expect(environment(responder())["NODE_OPTIONS"]).toBe(memoryPlan({ maxMemoryBytes: 256 * 2 ** 20, maxValueBytes: 2 ** 20 }).nodeArgs.join(" "));
  });

  test("the image is the resource's, else the operator's", () => {
    expect(responder().image).toBe("localhost/kvr/responder:test");
    expect(responder({ image: "registry.example/r:2" }).image).toBe("registry.example/r:2");
  });

  test("limits and policy of the cache", () => {
    const cache = { maxEntries: 5_000_000, maxTTL: "24h", defaultTTL: "1h", evictionPolicy: "NoEviction" };
    expect(parseEnv(environment(responder({ cache })))).toMatchObject({ maxEntries: 5_000_000, maxTtlSeconds: 86_400, defaultTtlSeconds: 3_600, evictionPolicy: "NoEviction" });
  });

  test("its peers: where to find them, what to remember and for how long to wait", () => {
    const replication = { tombstoneRetention: "1h", warmupTimeout: "1s1ms" };
    const found = { replication: "Peers", peersPort: 7946, peersService: "kv-peers-orders", tombstoneRetentionSeconds: 3_600, warmupTimeoutSeconds: 2 };
    // one pod too: the second then joins it without a restart
    for (const replicas of [0, 1, 3]) expect(parseEnv(environment(responder({ replicas, replication })))).toMatchObject(found);
    expect(responder().ports).toContainEqual({ name: "peers", containerPort: 7946, protocol: "TCP" });
  });

  test("a pod that keeps to itself hears of no peers and listens for none", () => {
    const alone = responder({ replicas: 1, replication: { mode: "None" } });
    expect(parseEnv(environment(alone))).toMatchObject({ replication: "None" });
    expect(environment(alone)).not.toHaveProperty("KVR_PEERS_SERVICE");
    expect(alone.ports.map((p) => p.name)).toEqual(["http", "metrics"]);
  });

  test("the Redis protocol: off unless asked for; the port of the Service is not that of the pod", () => {
    expect(parseEnv(environment(responder())).respPort).toBeUndefined();
    expect(responder().ports.map((p) => p.name)).toEqual(["http", "metrics", "peers"]);
    const on = responder({ protocols: { resp: { enabled: true, port: 7000 } } });
    expect(parseEnv(environment(on)).respPort).toBe(6379);
    expect(on.ports).toContainEqual({ name: "resp", containerPort: 6379, protocol: "TCP" });
  });
});

describe("what is mounted", () => {
  interface Volume {
    name: string;
    configMap?: { name: string };
    secret?: { secretName: string; defaultMode: number };
    projected?: { defaultMode: number; sources: { secret: { name: string; optional?: boolean; items?: { key: string; path: string }[] } }[] };
  }
  const volumes = (spec: object = {}): Volume[] => render(spec).template.spec["volumes"] as unknown as Volume[];
  const tokens = (spec: object = {}) => volumes(spec).find((v) => v.name === "tokens")?.projected;

  test("whole directories, which the kubelet keeps up to date, read-only", () => {
    for (const { subPath, ...mount } of responder().volumeMounts) {
      expect(subPath).toBeUndefined();
      expect(mount).toMatchObject({ readOnly: true });
    }
    expect(volumes().map((v) => v.name)).toEqual(responder().volumeMounts.map((m) => m.name));
    expect(volumes().find((v) => v.name === "runtime")?.configMap).toEqual({ name: "kv-responder-orders-runtime" });
  });

  test("both places for tokens, neither of which has to be filled, so that a rotation changes no pod", () => {
    expect(tokens()?.sources.map(({ secret }) => secret)).toEqual([
      { name: "kv-responder-orders-token-a-5f0c2f6e", optional: true, items: [{ key: "token", path: "a" }] },
      { name: "kv-responder-orders-token-b-5f0c2f6e", optional: true, items: [{ key: "token", path: "b" }] },
    ]);
    const c = context();
    for (const tokenSlots of [["a"], ["b"], ["a", "b"]] as const) expect(rendered({ ...c, tokenSlots }).template).toEqual(render().template);
  });

  test("a Secret of one's own: all its keys, and pods wait until it is there", () => expect(tokens({ auth: { secretName: "mine" } })?.sources).toEqual([{ secret: { name: "mine" } }]));

  test("without tokens there is no such volume, and the responder asks for none", () => {
    expect(tokens({ auth: { mode: "None" } })).toBeUndefined();
    expect(parseEnv(environment(responder({ auth: { mode: "None" } }))).tokenDir).toBeUndefined();
  });

  test("the responder reads where the volumes are, and any user of the pod may", () => {
    const paths = Object.fromEntries(responder().volumeMounts.map((m) => [m.name, m.mountPath]));
    const config = parseEnv(environment(responder()));
    expect(config.tokenDir).toBe(paths["tokens"]);
    expect(config.peerSecretFile).toBe(`${paths["peers"]}/secret`);
    const peers = volumes().find((v) => v.name === "peers")?.secret;
    expect(peers).toEqual({ secretName: "kv-peers-orders-5f0c2f6e", defaultMode: 0o444 });
    expect(tokens()?.defaultMode).toBe(0o444);
  });
});

describe("memory and CPU", () => {
  const derived = `${leastLimitBytes({ maxMemoryBytes: 256 * 2 ** 20, maxValueBytes: 2 ** 20 }) / 2 ** 20}Mi`;

  test.each<[string, object, object]>([
    ["derived from maxMemory", {}, { requests: { memory: derived }, limits: { memory: derived } }],
    ["a limit of one's own, requested in full", { resources: { limits: { memory: "1024Mi" } } }, { requests: { memory: "1Gi" }, limits: { memory: "1Gi" } }],
    ["a smaller request", { resources: { requests: { memory: "0.25Gi" } } }, { requests: { memory: "256Mi" }, limits: { memory: derived } }],
    ["a request above the derived limit raises the limit", { resources: { requests: { memory: "2Gi" } } }, { requests: { memory: "2Gi" }, limits: { memory: "2Gi" } }],
    ["CPU as Kubernetes stores it", { resources: { requests: { cpu: "0.5" }, limits: { cpu: "2000m" } } }, { requests: { cpu: "500m", memory: derived }, limits: { cpu: "2", memory: derived } }],
  ])("%s", (_, spec, resources) => expect(responder(spec).resources).toEqual(resources));
});
