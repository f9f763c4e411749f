// What the reports of pods add up to. Each verdict stands in docs/status-conditions.md.
import fc from "fast-check";
import { expect, test } from "vitest";
import { conditionReasons } from "#crds/conditions";
import { specSchema } from "#crds/kvresponder";
import { hasPeers, judgePeers, type Answer, type PeerFinding, type PeersInput, type PodReport } from "../../../operator/reconcile/peers.ts";
import type { Workload } from "../../../operator/reconcile/workload.ts";

const told = (connected: number, extra: object = {}): Answer => ({ mode: "Peers", connected, warmup: "copied", clockAhead: false, isNew: false, ...extra });
const report = (name: string, answer: Answer, ready = true): PodReport => ({ name, ready, answer });
const settled: Workload = { replicas: 3, readyReplicas: 3, settled: true, reason: "AllReplicasReady", message: "3 of 3 pods are ready" };
const rolling: Workload = { ...settled, settled: false, reason: "ReplicasNotReady", message: "2 of 3 pods are ready" };
const judge = (input: Omit<Partial<PeersInput>, "spec"> & { spec?: object }): PeerFinding =>
  judgePeers({ wanted: 3, load: settled, reports: undefined, before: undefined, ...input, spec: specSchema.parse(input.spec ?? {}) });

const three = (...answers: Answer[]) => answers.map((answer, i) => report(`p-${i + 1}`, answer));

test.each<[string, Parameters<typeof judge>[0], string, string, string | undefined]>([
  ["all see all", { reports: three(told(2), told(2), told(2)) }, "True/AllConnected", "all 3 pods are connected to each other", "2/2"],
  ["one pod is cut off", { reports: three(told(1), told(1), told(0)) }, "False/Disconnected", "not connected to every other ready pod: p-1 (1 of 2), p-2 (1 of 2), p-3 (0 of 2)", "0/2"],
  ["one way is enough to be amiss", { reports: three(told(2), told(2), told(1)) }, "False/Disconnected", "not connected to every other ready pod: p-3 (1 of 2)", "1/2"],
  ["pods that have just begun are given time", { reports: three(told(0, { isNew: true }), told(0, { isNew: true }), told(0)) }, "Unknown/Pending", "new pods are finding their peers", "0/2"],
  ["a clock ahead is told even while its pod is not ready", { load: rolling, reports: [report("p-1", told(2)), report("p-2", told(2)), report("p-3", told(0, { clockAhead: true }), false)] }, "False/ClockAhead", "the clock is too far ahead, so peers refuse the writes of p-3", "2/2"],
  ["ready without a full copy", { reports: three(told(2), told(2), told(2, { warmup: "timedOut" })) }, "True/WarmupTimedOut", "all 3 pods are connected to each other; ready before they had copied everything: p-3", "2/2"],
  ["alone at the start is no fault", { reports: three(told(2, { warmup: "alone" }), told(2), told(2)) }, "True/AllConnected", "all 3 pods are connected to each other", "2/2"],
  ["nobody answers", { reports: three("unreachable", "unreachable", "unreachable") }, "Unknown/Unreachable", "the operator gets no answer at port 9090 of any pod", undefined],
  ["one does not answer", { reports: three(told(2), "unreachable", told(2)) }, "Unknown/Unreachable", "the operator gets no answer at port 9090 of p-2", "2/2"],
  ["one does not answer, and its peers miss it", { reports: three(told(1), "unreachable", told(1)) }, "False/Disconnected", "not connected to every other ready pod: p-1 (1 of 2), p-3 (1 of 2)", "1/2"],
  ["older responders", { reports: three("silent", "silent", told(2)) }, "Unknown/NotReported", "nothing about peers is reported by p-1, p-2", "2/2"],
  ["a pod of an older template keeps to itself", { reports: three(told(2), told(2), told(0, { mode: "None" })) }, "Unknown/NotReported", "nothing about peers is reported by p-3", "2/2"],
  ["a rollout whose ready pods are connected", { load: rolling, reports: [report("p-1", told(1)), report("p-2", told(2)), report("p-3", "unreachable", false)] }, "Unknown/Pending", "2 of 3 pods are ready", "1/2"],
  ["a rollout that has one pod more", { load: rolling, reports: [...three(told(3), told(3), told(3)), report("p-4", told(3))] }, "Unknown/Pending", "2 of 3 pods are ready", "2/2"],
  ["the newest pod has not been asked", { reports: three(told(1), told(1)) }, "Unknown/Pending", "the newest pods have not been asked yet", "1/2"],
  ["no pod yet", { load: rolling, reports: [] }, "Unknown/Pending", "2 of 3 pods are ready", undefined],
  ["nobody asked yet", {}, "Unknown/Pending", "the pods have not been asked yet", undefined],
  ["the operator cannot find the pods", { reports: "blind" }, "Unknown/Unreachable", "the operator cannot list EndpointSlices, by which it finds the pods", undefined],
  ["one pod", { spec: { replicas: 1 }, reports: [report("p-1", told(0))] }, "True/SinglePod", "no more than one pod is asked for", undefined],
  ["no pod asked for", { spec: { replicas: 0 } }, "True/SinglePod", "no more than one pod is asked for", undefined],
  ["an autoscaler that wants one pod", { wanted: 1, spec: { autoscaling: { minReplicas: 1, maxReplicas: 3 }, resources: { requests: { cpu: 1 } } }, reports: [report("p-1", told(0))] }, "True/SinglePod", "no more than one pod is asked for", undefined],
  ["an autoscaler that wants three", { spec: { replicas: 1, autoscaling: { maxReplicas: 5 }, resources: { requests: { cpu: 1 } } }, reports: three(told(2), told(2), told(2)) }, "True/AllConnected", "all 3 pods are connected to each other", "2/2"],
  ["switched off", { spec: { replicas: 1, replication: { mode: "None" } } }, "False/Disabled", "spec.replication.mode is None", undefined],
])("%s", (_, input, verdict, message, peers) => {
  const found = judge(input);
  expect([`${found.status}/${found.reason}`, found.message, found.peers]).toEqual([verdict, message, peers]);
});

test("until pods have been asked, what was found for this generation stands; then it does not", () => {
  const before: PeerFinding = { status: "True", reason: "AllConnected", message: "m", peers: "2/2" };
  expect(judge({ before })).toEqual(before);
  expect(judge({ before, reports: three(told(1), told(2), told(2)) }).reason).toBe("Disconnected");
  expect(judge({ before, spec: { replicas: 1 } }).reason).toBe("SinglePod");
});

test("of many pods three are named", () => {
  const reports = Array.from({ length: 16 }, (_, i) => report(`p-${String(i).padStart(2, "0")}`, told(0)));
  expect(judge({ spec: { replicas: 16 }, reports }).message).toBe("not connected to every other ready pod: p-00 (0 of 15), p-01 (0 of 15), p-02 (0 of 15) and 13 more");
});

test("pods are asked only where there may be peers", () => {
  expect([{}, { replicas: 2 }, { replicas: 1 }, { replicas: 0 }, { replicas: 1, replication: { mode: "None" } }].map((spec) => hasPeers(specSchema.parse(spec)))).toEqual([true, true, false, false, false]);
});

test("whatever pods say, the verdict is of the closed set, is never True while a ready pod lacks a peer, and claims no more than there can be", () => {
  const answer = fc.oneof(
    fc.constantFrom<Answer>("unreachable", "silent"),
    fc.record({ mode: fc.constantFrom("Peers", "None"), connected: fc.nat(20), warmup: fc.constantFrom("warming", "copied", "alone", "timedOut"), clockAhead: fc.boolean(), isNew: fc.boolean() }) as fc.Arbitrary<Answer>,
  );
  const reports = fc.array(fc.tuple(answer, fc.boolean()), { maxLength: 18 }).map((all) => all.map(([a, ready], i) => report(`p-${i}`, a, ready)));
  fc.assert(
    fc.property(reports, fc.integer({ min: 2, max: 16 }), fc.boolean(), (all, replicas, isSettled) => {
      const found = judge({ spec: { replicas }, reports: all, load: isSettled ? settled : rolling });
      expect(conditionReasons.PeersConnected).toContain(found.reason);
      const ready = all.filter((r) => r.ready);
      if (found.status === "True") {
        expect(ready.length).toBeGreaterThanOrEqual(replicas);
        for (const r of ready) expect(typeof r.answer === "string" ? -1 : r.answer.connected).toBeGreaterThanOrEqual(ready.length - 1);
      }
      const [connected = 0, expected = 0] = (found.peers ?? "0/0").split("/").map(Number);
      expect(connected).toBeLessThanOrEqual(expected);
      expect(found.message.length).toBeLessThan(1024);
    }),
  );
});
