import { expect, test } from "vitest";
import { createEvents } from "../../../operator/kube/events.ts";
import type { KubeObject } from "../../../operator/objects.ts";
import { manualTime, settle, silentLog } from "../../support/manual-time.ts";
import { failure } from "./scripted-client.ts";

const resource = (name: string): KubeObject => ({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name, namespace: "n", uid: `uid-${name}` } });
const said = (note: string, reason = "Conflict") => ({ type: "Warning" as const, reason, note });

const make = () => {
  const time = manualTime(Date.UTC(2026, 10, 24, 1, 2, 3, 4));
  const created: KubeObject[] = [];
  const answers: Error[] = [];
  const client = {
    create: (_: unknown, object: KubeObject) => {
      created.push(object);
      const error = answers.shift();
      return error ? Promise.reject(error) : Promise.resolve(object);
    },
  };
  return { time, created, answers, events: createEvents({ client, clock: time, log: silentLog, instance: "pod-1" }) };
};

test("is what events.k8s.io/v1 demands, about the resource, in its namespace", () => {
  const { events, created } = make();
  events.announce(resource("a"), said("é–😀".repeat(500)));
  expect(created[0]).toMatchObject({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace: "n" },
    eventTime: "2026-11-24T01:02:03.004000Z",
    reportingInstance: "pod-1",
    action: "Reconcile",
    type: "Warning",
    reason: "Conflict",
    regarding: { apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", name: "a", namespace: "n", uid: "uid-a" },
  });
  const note = String(created[0]?.["note"]);
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
  expect(note).toMatch(/^(é–😀)+(é–?)?$/u);
});

test("the same about the same is said once in ten minutes; another note, reason or resource is news", () => {
  const { events, created, time } = make();
  for (const note of ["x", "x", "y"]) events.announce(resource("a"), said(note));
  events.announce(resource("a"), said("x", "Forbidden"));
  events.announce(resource("b"), said("x"));
  expect(created).toHaveLength(4);
  time.advance(599_999);
  events.announce(resource("a"), said("x"));
  expect(created).toHaveLength(4);
  time.advance(1);
  events.announce(resource("a"), said("x"));
  expect(created).toHaveLength(5);
  expect(new Set(created.map((e) => e.metadata.name)).size).toBe(5);
});

test("a resource that has something new to say all the time is cut short, and heard again later", () => {
  const { events, created, time } = make();
  for (let i = 0; i < 100; i++) events.announce(resource("noisy"), said(`try ${i}`));
  expect(created).toHaveLength(25);
  events.announce(resource("quiet"), said("hello"));
  expect(created).toHaveLength(26);
  time.advance(300_000);
  events.announce(resource("noisy"), said("later"));
  events.announce(resource("noisy"), said("later still"));
  expect(created).toHaveLength(27);
});

test("one that cannot be written hurts nobody", async () => {
  const { events, answers } = make();
  answers.push(failure("forbidden"));
  events.announce(resource("a"), said("x"));
  await settle();
});
