import { fieldManager } from "#crds/names";
import { describe, expect, test } from "vitest";
import { applyChild, type ApplyRequest } from "../../../operator/kube/apply.ts";
import { createStore } from "../../../operator/kube/store.ts";
import type { Applied, ApplyOptions } from "../../../operator/kube/types.ts";
import type { KubeObject, ManagedFieldsEntry, OwnerReference } from "../../../operator/objects.ts";
import { failure } from "./scripted-client.ts";

const kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" };
const owner = { apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", name: "a", uid: "owner-1" };
const reference = (uid = owner.uid, name = owner.name): OwnerReference => ({ apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true });

const wanted = (data: Record<string, string> = { x: "1" }): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "c", namespace: "n", ownerReferences: [reference()] },
  data,
});

const ours: ManagedFieldsEntry = { manager: fieldManager, operation: "Apply", fieldsV1: { "f:metadata": { "f:ownerReferences": { 'k:{"uid":"owner-1"}': {} } }, "f:data": { "f:x": {} } } };
const theirs: ManagedFieldsEntry = { manager: "kubectl", operation: "Update", fieldsV1: { "f:data": { "f:y": {} } } };

/** What the server holds when our apply of `wanted()` is all that ever happened to it. */
const live = (change: Partial<KubeObject["metadata"]> & { data?: Record<string, string> } = {}): KubeObject => {
  const { data = { x: "1" }, ...metadata } = change;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "n", uid: "u1", resourceVersion: "5", ownerReferences: [reference()], managedFields: [ours], ...metadata },
    data,
  };
};

/** Answers gets and applies from lists, and notes what was asked. */
const run = async (of: {
  stored?: KubeObject;
  gets?: (KubeObject | undefined | Error)[];
  applies?: (Applied | Error)[];
  request?: Partial<ApplyRequest>;
}) => {
  const asked: string[] = [];
  const bodies: KubeObject[] = [];
  const answer = <T>(list: (T | Error)[] | undefined): T => {
    if (!list || list.length === 0) throw new Error("the script has no answer");
    const next = list.shift() as T | Error;
    if (next instanceof Error) throw next;
    return next;
  };
  const client = {
    get: async () => {
      asked.push("get");
      return answer(of.gets);
    },
    apply: async (_: unknown, body: KubeObject, { force }: ApplyOptions) => {
      asked.push(`apply force=${force} uid=${body.metadata.uid ?? "-"}`);
      bodies.push(body);
      return answer(of.applies);
    },
    delete: async (_: unknown, { name }: { name: string }, { uid }: { uid?: string | undefined } = {}) => {
      asked.push(`delete ${name} uid=${uid ?? "-"}`);
      return true;
    },
    mergePatch: async () => {
      asked.push("patch");
      throw failure("invalid");
    },
  };
  const store = createStore(() => {});
  store.replace(of.stored ? [of.stored] : [], "10");
  const outcome = await applyChild({ client }, { kind, desired: wanted(), owner, store, dryRun: false, signal: new AbortController().signal, ...of.request });
  return { outcome, asked, bodies, store };
};

describe("nothing to do", () => {
  test("an object that says what we want is left alone, without a call", async () => {
    const { outcome, asked } = await run({ stored: live() });
    expect([outcome.result, asked]).toEqual(["unchanged", []]);
    expect(outcome.live?.metadata.uid).toBe("u1");
  });

  test("one that the store does not know yet is asked for and then left alone", async () => {
    const { outcome, asked } = await run({ gets: [live({ resourceVersion: "12" })] });
    expect([outcome.result, asked]).toEqual(["unchanged", ["get"]]);
  });

  test("one that is going is waited for", async () => {
    const { outcome, asked } = await run({ stored: live({ deletionTimestamp: "2026-01-01T00:00:00Z", data: {} }) });
    expect([outcome.result, asked]).toEqual(["deleting", []]);
  });

  test("the child of a deleted resource of the same name goes with it: the UID decides, not the name", async () => {
    const { outcome, asked } = await run({ stored: live({ ownerReferences: [reference("owner-0")] }) });
    expect([outcome.result, asked]).toEqual(["deleting", []]);
    expect(outcome.detail).toBe("it belongs to a deleted KVResponder of this name and goes with it");
  });

  test("a dry run only tells", async () => {
    expect((await run({ stored: live({ data: { x: "2" } }), request: { dryRun: true } })).outcome).toMatchObject({ result: "pending", detail: "data.x was changed" });
    expect((await run({ gets: [undefined], request: { dryRun: true } })).outcome).toMatchObject({ result: "pending", detail: "it does not exist" });
  });
});

describe("not ours", () => {
  test.each([
    ["nobody controls and we never applied", live({ ownerReferences: [], managedFields: [theirs] })],
    ["another controls", live({ ownerReferences: [reference("x", "other")] })],
    ["a controller of another kind has", live({ ownerReferences: [{ ...reference("x"), kind: "HelmRelease" }], managedFields: [ours] })],
  ])("an object that %s is a conflict and is not written", async (_, foreign) => {
    const { outcome, asked } = await run({ gets: [foreign] });
    expect([outcome.result, asked]).toEqual(["conflict", ["get"]]);
  });

  test("an object whose owner reference was taken away is still ours by our fields, and gets it back", async () => {
    const stored = live({ ownerReferences: [], managedFields: [{ ...ours, fieldsV1: { "f:data": { "f:x": {} } } }] });
    const { outcome, asked, bodies } = await run({ stored, applies: [{ object: live({ resourceVersion: "11" }), created: false }] });
    expect([outcome.result, asked]).toEqual(["updated", ["apply force=true uid=u1"]]);
    expect(bodies[0]?.metadata.ownerReferences).toEqual([reference()]);
  });
});

describe("writing", () => {
  test("what is missing is created without force and seen at once", async () => {
    const made = live({ resourceVersion: "12" });
    const { outcome, asked, store } = await run({ gets: [undefined], applies: [{ object: made, created: true }] });
    expect([outcome.result, asked]).toEqual(["created", ["get", "apply force=false uid=-"]]);
    expect(store.get("n", "c")).toBe(made);
  });

  test("what differs is updated with force and the UID that was seen", async () => {
    const put = live({ resourceVersion: "12" });
    const { outcome, asked, store } = await run({ stored: live({ data: { x: "2" } }), applies: [{ object: put, created: false }] });
    expect([outcome.result, outcome.detail, asked]).toEqual(["updated", "data.x was changed", ["apply force=true uid=u1"]]);
    expect(store.get("n", "c")).toBe(put);
  });

  test("what nobody can change is removed by the UID that was seen, and made again when it is gone; a dry run only tells", async () => {
    const grafana = { group: "g", version: "v1", kind: "Dashboard", plural: "dashboards", fixed: ["selector"] };
    const desired = { ...wanted(), spec: { selector: { a: "1" }, other: "new" } };
    const stored = { ...live(), spec: { selector: { a: "2" }, other: "old" } };
    const { outcome, asked } = await run({ stored, request: { kind: grafana, desired } });
    expect([outcome.result, outcome.detail, asked]).toEqual(["deleting", "spec.selector cannot be changed, so it is removed and made again", ["delete c uid=u1"]]);
    expect((await run({ stored, request: { kind: grafana, desired, dryRun: true } })).asked).toEqual([]);
    const going = { ...stored, metadata: { ...stored.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    expect((await run({ stored: going, request: { kind: grafana, desired } })).asked).toEqual([]);
    const same = await run({ stored: { ...stored, spec: { selector: { a: "1" }, other: "old" } }, request: { kind: grafana, desired }, applies: [{ object: live(), created: false }] });
    expect(same.asked).toEqual(["apply force=true uid=u1"]);
  });

  test("a refused update that was merely invalid is tried in another way once, and then told", async () => {
    const { outcome, asked } = await run({ stored: live({ data: { x: "2" } }), applies: [failure("invalid")] });
    expect([outcome.result, asked]).toEqual(["failed", ["apply force=true uid=u1", "patch"]]);
  });
});

describe("races", () => {
  test("an object that was deleted meanwhile is made again", async () => {
    const { outcome, asked } = await run({ stored: live({ data: {} }), gets: [undefined], applies: [failure("conflict"), { object: live({ uid: "u2", resourceVersion: "12" }), created: true }] });
    expect([outcome.result, asked]).toEqual(["created", ["apply force=true uid=u1", "get", "apply force=false uid=-"]]);
  });

  test("an object that was replaced by a foreign one meanwhile is a conflict", async () => {
    const { outcome, asked } = await run({ stored: live({ data: {} }), gets: [live({ uid: "u9", ownerReferences: [], managedFields: [theirs] })], applies: [failure("conflict")] });
    expect([outcome.result, asked]).toEqual(["conflict", ["apply force=true uid=u1", "get"]]);
  });

  test("a foreign object that appears before our create is not overwritten", async () => {
    const foreign = live({ ownerReferences: [], managedFields: [theirs] });
    const { outcome, asked } = await run({ gets: [undefined, foreign], applies: [failure("fieldConflict")] });
    expect([outcome.result, asked]).toEqual(["conflict", ["get", "apply force=false uid=-", "get"]]);
  });

  test("one with no field in common took ours in: they are taken out again", async () => {
    const merged = live({ uid: "u9", managedFields: [theirs, ours], data: { x: "1", y: "2" } });
    const { outcome, asked, bodies, store } = await run({ gets: [undefined], applies: [{ object: merged, created: false }, { object: merged, created: false }] });
    expect([outcome.result, asked]).toEqual(["conflict", ["get", "apply force=false uid=-", "apply force=true uid=u9"]]);
    expect(bodies[1]).toEqual({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "n", uid: "u9" } });
    expect(store.size).toBe(0);
  });

  test("one that another instance of us made meanwhile is ours", async () => {
    const { outcome } = await run({ gets: [undefined], applies: [{ object: live({ resourceVersion: "12" }), created: false }] });
    expect(outcome.result).toBe("updated");
  });

  test("a second race in a row is left to the queue", async () => {
    const { outcome, asked } = await run({ stored: live({ data: {} }), gets: [live({ data: {} })], applies: [failure("conflict"), failure("conflict")] });
    expect([outcome.result, asked.filter((a) => a === "get")]).toEqual(["failed", ["get"]]);
  });
});

test.each([
  ["missingKind", "missingKind"],
  ["forbidden", "forbidden"],
  ["namespaceTerminating", "deleting"],
  ["throttled", "failed"],
  ["network", "failed"],
  ["unavailable", "failed"],
] as const)("an answer of kind %s is the outcome %s", async (kindOfFailure, result) => {
  expect((await run({ gets: [undefined], applies: [failure(kindOfFailure)] })).outcome.result).toBe(result);
  expect((await run({ gets: [failure(kindOfFailure)] })).outcome.result).toBe(result);
});

test("a Retry-After travels with the outcome", async () => {
  expect((await run({ gets: [undefined], applies: [failure("throttled", 7_000)] })).outcome).toMatchObject({ result: "failed", retryAfterMs: 7_000 });
});

test("a fault of our own is thrown, not told as an outcome", async () => {
  await expect(run({ gets: [new TypeError("bug")] })).rejects.toThrow("bug");
});
