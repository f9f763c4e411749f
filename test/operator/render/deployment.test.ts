// The pods: confined, sized, told what to be, and left alone by what need not restart them.
import { parseEnv } from "#contract/env";
import { memoryPlan } from "#contract/memory";
import { runtimeFile } from "#contract/runtime";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import type { RenderContext } from "../../../operator/render/context.ts";
import { deployment } from "../../../operator/render/deployment.ts";
import { progressDeadlineSeconds, terminationGraceSeconds } from "../../../operator/render/lifetime.ts";
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

/** The environment that the pod starts with. */
const environment = (c: Container): Record<string, string> => Object.fromEntries(c.env.map((e) => [e.name, e.value ?? e.valueFrom?.fieldRef.fieldPath.replace(".", "-") ?? ""]));

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

  test("a pod has time to drain, and a rollout has time for a pod to start", () => {
    const { spec } = render().template;
    const drain = Number(environment(spec.containers[0])["KVR_DRAIN_SECONDS"]);
    const { preStop } = spec.containers[0].lifecycle as { preStop: { sleep: { seconds: number } } };
    expect(terminationGraceSeconds).toBeGreaterThan(preStop.sleep.seconds + drain);
    expect(spec["terminationGracePeriodSeconds"]).toBe(terminationGraceSeconds);
    const { startupProbe } = spec.containers[0] as { startupProbe?: { periodSeconds?: number; failureThreshold?: number } };
    expect(render().progressDeadlineSeconds).toBe(progressDeadlineSeconds);
    expect(progressDeadlineSeconds).toBeGreaterThan((startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0));
  });

  test("replicas are the spec's", () => expect(render({ replicas: 0 }).replicas).toBe(0));
});

describe("what the responder is told", () => {
  test("parses, and says what the resource says", () => {
    const config = parseEnv(environment(responder({ tenant: "acme", cache: { maxMemory: "64Mi", defaultTTL: "1h30m", maxValueBytes: 1000 } })));
    expect(config).toMatchObject({
      tenant: "acme",
      name: "orders",
      namespace: "metadata-namespace",
      pod: "metadata-name",
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
    expect(environment(responder())["NODE_OPTIONS"]).toBe(memoryPlan({ maxMemoryBytes: 256 * 2 ** 20 }).nodeArgs.join(" "));
  });

  test("the image is the resource's, else the operator's", () => {
    expect(responder().image).toBe("localhost/kvr/responder:test");
    expect(responder({ image: "registry.example/r:2" }).image).toBe("registry.example/r:2");
  });

  test("the runtime file is mounted as a directory, which the kubelet keeps up to date", () => {
    const { spec } = render().template;
    expect(spec.containers[0].volumeMounts).toEqual([{ name: "runtime", mountPath: "/etc/kv-responder", readOnly: true }]);
    expect(spec["volumes"]).toEqual([{ name: "runtime", configMap: { name: "kv-responder-orders-runtime" } }]);
  });
});

describe("memory and CPU", () => {
  test.each<[string, object, object]>([
    ["derived from maxMemory", {}, { requests: { memory: "416Mi" }, limits: { memory: "416Mi" } }],
    ["a limit of one's own, requested in full", { resources: { limits: { memory: "1024Mi" } } }, { requests: { memory: "1Gi" }, limits: { memory: "1Gi" } }],
    ["a smaller request", { resources: { requests: { memory: "0.25Gi" } } }, { requests: { memory: "256Mi" }, limits: { memory: "416Mi" } }],
    ["a request above the derived limit raises the limit", { resources: { requests: { memory: "2Gi" } } }, { requests: { memory: "2Gi" }, limits: { memory: "2Gi" } }],
    ["CPU as Kubernetes stores it", { resources: { requests: { cpu: "0.5" }, limits: { cpu: "2000m" } } }, { requests: { cpu: "500m", memory: "416Mi" }, limits: { cpu: "2", memory: "416Mi" } }],
  ])("%s", (_, spec, resources) => expect(responder(spec).resources).toEqual(resources));
});
