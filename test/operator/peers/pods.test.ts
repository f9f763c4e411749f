// Which pods are asked: those of our own Service that are there to stay, each once.
import { expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import { podsOf } from "../../../operator/peers/pods.ts";

const pod = (name: string, address: string, conditions: object = { ready: true, serving: true, terminating: false }) => ({ addresses: [address], conditions, targetRef: { kind: "Pod", name } });
const slice = (endpoints: object[], { service = "kv-peers-a", addressType = "IPv4" } = {}): KubeObject => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: `${service}-x`, labels: { "kubernetes.io/service-name": service } },
  addressType,
  endpoints,
});
const pods = (...slices: KubeObject[]) => podsOf(slices, "kv-peers-a");

test("in the order of names, whichever slice they are in", () => {
  expect(pods(slice([pod("p-2", "10.0.0.2")]), slice([pod("p-3", "10.0.0.3"), pod("p-1", "10.0.0.1")]))).toEqual([
    { name: "p-1", address: "10.0.0.1", ready: true },
    { name: "p-2", address: "10.0.0.2", ready: true },
    { name: "p-3", address: "10.0.0.3", ready: true },
  ]);
});

test("slices of other Services are not ours", () => expect(pods(slice([pod("p", "10.0.0.1")], { service: "kv-peers-b" }))).toEqual([]));

test("ready is what the kubelet says, not that the Service publishes it", () => {
  const ready = (conditions: object) => pods(slice([pod("p", "10.0.0.1", conditions)]))[0]?.ready;
  expect(ready({ ready: true, serving: false })).toBe(false);
  expect(ready({ ready: true, serving: true })).toBe(true);
  // before Kubernetes knew `serving`
  expect(ready({ ready: false })).toBe(false);
  expect(ready({})).toBe(true);
});

test("a pod on its way out is not asked", () => expect(pods(slice([pod("p", "10.0.0.1", { ready: true, serving: true, terminating: true })]))).toEqual([]));

test("a pod with addresses of both families is asked once, at its IPv4 address", () => {
  const [six, four] = [slice([pod("p", "fd00::1")], { addressType: "IPv6" }), slice([pod("p", "10.0.0.1")])];
  expect(pods(six, four)).toEqual([{ name: "p", address: "10.0.0.1", ready: true }]);
  expect(pods(six)).toEqual([{ name: "p", address: "fd00::1", ready: true }]);
});

test("what is no pod, or has no address, is left out", () => {
  expect(pods(slice([{ addresses: ["10.0.0.1"] }, { addresses: ["10.0.0.2"], targetRef: { kind: "Node", name: "n" } }, { addresses: [], targetRef: { kind: "Pod", name: "p" } }]))).toEqual([]);
});

test("a Service without pods has a slice with null in place of a list", () => {
  for (const endpoints of [null, undefined, [{ addresses: null, targetRef: { kind: "Pod", name: "p" } }]]) expect(pods({ ...slice([]), endpoints })).toEqual([]);
});

test("a slice that somebody has filled with addresses costs no more than 32 questions", () => {
  expect(pods(slice(Array.from({ length: 1_000 }, (_, i) => pod(`p-${i}`, "10.0.0.1"))))).toHaveLength(32);
});
