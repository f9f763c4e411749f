// Several namespaces behind the interface of one reflector: the store is the sum, the state is the worst, and one that may not be listed holds up no other.
import { expect, test } from "vitest";
import { createReflector } from "../../../operator/kube/reflector.ts";
import { reflectEach } from "../../../operator/kube/reflectors.ts";
import type { Page } from "../../../operator/kube/types.ts";
import type { KubeObject } from "../../../operator/objects.ts";
import { manualTime, settle, silentLog } from "../../support/manual-time.ts";
import { failure, object, page, scriptedClient } from "./scripted-client.ts";

const kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" };
const at = (namespace: string, name: string, version: string): KubeObject => {
  const made = object(name, version);
  return { ...made, metadata: { ...made.metadata, namespace } };
};

const start = async (lists: Readonly<Record<string, (Page | Error)[]>>) => {
  const time = manualTime();
  const clients = new Map(Object.entries(lists).map(([namespace, answers]) => [namespace, scriptedClient(...answers)]));
  const parts = new Map([...clients].map(([namespace, client]) => [namespace, createReflector({ client, kind, namespace, clock: time, timers: time, log: silentLog, random: () => 0 })]));
  const reflector = reflectEach(parts);
  const told: string[] = [];
  reflector.onEvent((e) => told.push(`${e.type} ${e.object.metadata.namespace}/${e.object.metadata.name}`));
  let synced = false;
  void reflector.whenSynced().then(() => (synced = true));
  expect(reflector.state).toBe("idle");
  reflector.start();
  await settle();
  const client = (namespace: string) => {
    const found = clients.get(namespace);
    if (!found) throw new Error(namespace);
    return found;
  };
  return { time, reflector, told, client, synced: () => synced };
};

const names = (objects: readonly KubeObject[]) => objects.map((o) => `${o.metadata.namespace}/${o.metadata.name}`);

test("each namespace is listed and watched by itself, and all of them are in one store", async () => {
  const { reflector, client, told, synced } = await start({ a: [page("10", at("a", "x", "1"))], b: [page("20", at("b", "x", "2"), at("b", "y", "3"))] });
  for (const namespace of ["a", "b"]) {
    expect(client(namespace).listed.map((l) => l.namespace)).toEqual([namespace]);
    expect(client(namespace).watching().options.namespace).toBe(namespace);
  }
  expect([reflector.state, synced(), reflector.store.size]).toEqual(["synced", true, 3]);
  expect(names(reflector.store.list())).toEqual(["a/x", "b/x", "b/y"]);
  expect(names(reflector.store.list("b"))).toEqual(["b/x", "b/y"]);
  expect(reflector.store.get("b", "x")?.metadata.resourceVersion).toBe("2");
  client("b").watching().push({ type: "DELETED", object: at("b", "x", "21") });
  await settle();
  expect(told).toEqual(["added a/x", "added b/x", "added b/y", "deleted b/x"]);
});

test("what was written is put into its own namespace, and other namespaces hold nothing", async () => {
  const { reflector } = await start({ a: [page("10")], b: [page("10")] });
  reflector.store.upsert(at("b", "z", "11"));
  reflector.store.upsert(at("c", "z", "12"));
  expect([names(reflector.store.list()), reflector.store.list("c"), reflector.store.get("c", "z"), reflector.covers("b"), reflector.covers("c")]).toEqual([["b/z"], [], undefined, true, false]);
});

test("is synced when all have answered; the state until then is the worst", async () => {
  const { reflector, time, synced } = await start({ a: [page("10")], b: [failure("unavailable"), page("10")] });
  expect([reflector.state, synced(), reflector.covers("a"), reflector.covers("b")]).toEqual(["syncing", false, true, false]);
  await time.advanceAsync(500);
  expect([reflector.state, synced(), reflector.covers("b")]).toEqual(["synced", true, true]);
});

test("a namespace that may not be listed keeps nothing else waiting, is seen in the state, and comes in when it may be", async () => {
  const { reflector, time, synced, told } = await start({ a: [page("10")], gone: [failure("forbidden"), failure("forbidden"), page("10", at("gone", "x", "5"))] });
  expect([reflector.state, synced(), reflector.covers("a"), reflector.covers("gone")]).toEqual(["forbidden", true, true, false]);
  await time.advanceAsync(500);
  expect(reflector.state).toBe("forbidden");
  await time.advanceAsync(1_000);
  expect([reflector.state, told]).toEqual(["synced", ["added gone/x"]]);
});

test("where no namespace may be listed nothing is ready", async () => {
  const { reflector, time, synced } = await start({ a: [failure("forbidden")], b: [failure("forbidden")] });
  await time.advanceAsync(60_000);
  expect([reflector.state, synced()]).toEqual(["forbidden", false]);
});

test("is as stale as the one that was heard of least", async () => {
  const { reflector, client, time } = await start({ a: [page("10")], b: [page("10")] });
  await time.advanceAsync(30_000);
  client("a").watching().push({ type: "BOOKMARK", resourceVersion: "11" });
  await time.advanceAsync(2_000);
  expect(reflector.stalenessMs()).toBe(32_000);
});

test("a kind that is not served is absent; stopping forgets all of it", async () => {
  const absent = await start({ a: [failure("missingKind")], b: [failure("missingKind")] });
  expect([absent.reflector.state, absent.synced()]).toEqual(["absent", true]);
  const { reflector, told, time } = await start({ a: [page("10", at("a", "x", "1"))], b: [page("10", at("b", "x", "1"))] });
  await reflector.stop({ forget: true });
  expect([reflector.state, reflector.store.size, told.slice(2), time.pending]).toEqual(["idle", 0, ["deleted a/x", "deleted b/x"], 0]);
});
