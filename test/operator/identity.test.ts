// Who the operator is, in OpenTelemetry's words.
import { expect, test } from "vitest";
import { identity, traceResource } from "../../operator/identity.ts";

const inCluster = { service: "kv-responder-operator", pod: "kv-responder-operator-5b7c9d8f6d-x2x4z", namespace: "kv-responder-system", version: "0.1.0" };

test("in a cluster: the pod, its namespace and its Deployment", () => {
  expect(traceResource(inCluster)).toEqual({
    "service.name": "kv-responder-operator",
    "service.version": "0.1.0",
    "service.instance.id": inCluster.pod,
    "k8s.namespace.name": "kv-responder-system",
    "k8s.pod.name": inCluster.pod,
    "k8s.deployment.name": "kv-responder-operator",
  });
});

test("outside of one: nothing of Kubernetes", () => {
  const { namespace: _, ...outside } = inCluster;
  expect(Object.keys(traceResource(outside)).filter((name) => name.startsWith("k8s."))).toEqual([]);
});

test("a line of log says service, pod and version", () => expect(identity()).toMatchObject({ service: "kv-responder-operator", pod: expect.stringMatching(/./), version: expect.stringMatching(/^\d/) }));
