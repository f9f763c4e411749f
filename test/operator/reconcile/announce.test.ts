// Events are news: a quiet reconcile says nothing.
import { expect, test } from "vitest";
import type { Condition } from "#crds/conditions";
import type { Status } from "#crds/status";
import { announce } from "../../../operator/reconcile/announce.ts";
import type { Outcome } from "../../../operator/reconcile/outcome.ts";

const condition = (type: Condition["type"], status: Condition["status"], reason: Condition["reason"]): Condition => ({ type, status, reason, message: `m ${reason}`, observedGeneration: 1, lastTransitionTime: "t" });
const status = (...conditions: Condition[]): Status => ({ observedGeneration: 1, version: "1", conditions });
const ready = status(condition("Ready", "True", "AllReady"));
const waiting = status(condition("Ready", "False", "WorkloadUnavailable"));
const outcome = (result: Outcome["result"]): Outcome => ({ result, detail: "spec.type", desired: { apiVersion: "v1", kind: "Service", metadata: { name: "s" } } });

test.each<[string, Status | undefined, Status, string[]]>([
  ["the first visit while pods start", undefined, waiting, []],
  ["the same again", ready, ready, []],
  ["it became ready", waiting, ready, ["Normal AllReady"]],
  ["it was ready and no longer is", ready, waiting, ["Warning WorkloadUnavailable"]],
  ["peers lost each other", ready, status(condition("Ready", "True", "AllReady"), condition("PeersConnected", "False", "Disconnected")), ["Warning Disconnected"]],
  ["a pod was ready before it had copied everything", ready, status(condition("Ready", "True", "AllReady"), condition("PeersConnected", "True", "WarmupTimedOut")), ["Normal WarmupTimedOut"]],
  ["the operator cannot see the peers", ready, status(condition("Ready", "True", "AllReady"), condition("PeersConnected", "Unknown", "Unreachable")), []],
  ["a monitoring kind is missing", ready, status(condition("Ready", "True", "AllReady"), condition("MonitorReady", "False", "CRDMissing")), ["Warning CRDMissing"]],
])("%s", (_, before, after, expected) => expect(announce(before, after, []).map((a) => `${a.type} ${a.reason}`)).toEqual(expected));

test("a child that is put right is an event, one that follows a new spec or a new operator is not", () => {
  const told = (before: Status | undefined) => announce(before, ready, [outcome("updated"), outcome("unchanged")]).map((a) => a.note);
  expect(told(ready)).toEqual(["Service s was put right: spec.type"]);
  expect(told({ ...ready, observedGeneration: 0 })).toEqual([]);
  expect(told({ ...ready, version: "0" })).toEqual([]);
});

test("new pods of the operator's release, whose turn came after the first visit, repair nothing", () => {
  expect(announce(ready, ready, [{ ...outcome("updated"), isChange: true }])).toEqual([]);
});
