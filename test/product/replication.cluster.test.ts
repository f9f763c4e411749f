// Pods that find each other by the headless records of a real cluster: what is written at one is read at the others, a new one is filled before it serves, a frozen one holds up nobody.
import { afterAll, beforeAll, expect, test } from "vitest";
import { condition, waitForCondition } from "../support/kvresponders.ts";
import { freeze, thaw } from "./replication/faults.ts";
import type { Pod } from "./replication/pods.ts";
import { startReplicated, type Replicated } from "./replication/set-up.ts";

let replicated: Replicated;
let pods: readonly Pod[];
const value = (n: number): string => `value of ${n} `.padEnd(100, "x");
const entries = 20_000;

beforeAll(async () => {
  replicated = await startReplicated("cart", { replicas: 3, cache: { maxMemory: "64Mi" } });
  pods = await replicated.pods.ready(3);
}, 600_000);

afterAll(() => replicated?.[Symbol.asyncDispose]());

const waitFor: Replicated["cluster"]["waitFor"] = (...args) => replicated.cluster.waitFor(...args);
const allConnected = () => waitForCondition(replicated.cluster, replicated.of, "PeersConnected", { status: "True", reason: "AllConnected" }, 120_000);
const sum = async (of: readonly Pod[], name: string, labels?: Record<string, string>): Promise<number> => (await Promise.all(of.map((pod) => pod.metric(name, labels)))).reduce((a, b) => a + b, 0);
const holdAlike = (all: readonly Pod[], count: number) =>
  waitFor(`${all.length} pods hold the same ${count} versions`, async () => {
    const [first, ...others] = await Promise.all(all.map((pod) => pod.versions()));
    return first?.size === count && others.every((held) => held.size === count && [...held].every(([key, version]) => first.get(key) === version));
  }, { timeoutMs: 90_000, intervalMs: 500 });

test("pods find each other by DNS, and the operator says that all are connected", async () => {
  const resource = await allConnected();
  expect(resource.status?.peers).toBe("2/2");
  expect(condition(resource, "PeersConnected")?.message).toBe("all 3 pods are connected to each other");
  for (const pod of pods) {
    expect(await pod.metric("kv_peers_discovered")).toBe(2);
    expect(await pod.metric("kv_peers_connected")).toBe(2);
    expect(await pod.metric("kv_peer_discovery_total", { result: "ok" })).toBeGreaterThan(0);
    expect(Math.abs((await pod.metric("kv_peer_discovery_last_success_timestamp_seconds")) - Date.now() / 1_000)).toBeLessThan(60);
  }
});

test("what is written at one pod and acknowledged by all is read at each, and deleted at another it is gone from each", async () => {
  const clients = pods.map((pod) => pod.connect());
  const [a, b] = clients;
  const put = await a!.ask("put", "greeting", { value: "hello", ack: "all" });
  expect(put).toMatchObject({ status: 201, acked: { by: 2, of: 2 } });
  for (const client of clients) expect(await client.ask("get", "greeting")).toMatchObject({ status: 200, value: "hello", version: put.version });
  expect(await b!.ask("delete", "greeting", { ack: "all" })).toMatchObject({ status: 204, acked: { by: 2, of: 2 } });
  for (const client of clients) expect(await client.ask("get", "greeting")).toMatchObject({ status: 404 });
  for (const client of clients) await client.close();
});

test("what waits for nobody is everywhere all the same", async () => {
  const client = pods[0]!.connect();
  for (let n = 0; n < entries; n += 1_000) await client.batch(Array.from({ length: 1_000 }, (_, i) => [`entry-${n + i}`, value(n + i)]));
  await client.close();
  await holdAlike(pods, entries);
});

/** dragonfly #2191: a replica that is stopped stops its master's clients, and comes back by a full copy. */
test("a frozen pod holds up no writer, and afterwards gets the keys that changed and not all of them", async () => {
  const [a, , frozen] = pods;
  const [changed, times] = [500, 4];
  const client = a!.connect();
  const received = async () => (await frozen!.metric("kv_replication_operations_total", { direction: "in" }));
  const before = await received();
  const statuses: number[] = [];
  let waiting = 0;
  await freeze(frozen!);
  try {
    for (let n = 0; n < changed * times; n++) statuses.push((await client.ask("put", `entry-${n % changed}`, { value: `changed ${n}`, ack: n % 100 === 0 ? "one" : "local" })).status);
    await waitFor("it is not heard any more", async () => (await a!.replication()).connected === 1);
    waiting = await a!.metric("kv_replication_queue_items");
  } finally {
    await thaw(frozen!);
  }
  expect(statuses).toEqual(Array.from({ length: changed * times }, () => 204));
  // one for each key, however often it was written
  expect(waiting).toBeGreaterThan(0);
  expect(waiting).toBeLessThanOrEqual(2 * changed);
  await holdAlike(pods, entries);
  expect(await client.ask("get", "entry-0")).toMatchObject({ value: `changed ${changed * (times - 1)}` });
  await client.close();
  const records = (await received()) - before;
  console.log(`frozen while ${changed} of ${entries} keys were written ${times} times: ${waiting} records waited, ${records} came`);
  expect(records).toBeGreaterThanOrEqual(changed);
  // each key once, once more where it was on its way when the pod froze, and once from the other peer, which found it lacking
  expect(records).toBeLessThanOrEqual(3 * changed);
  await allConnected();
});

/** olric #55: a new member says that it is ready before it has been given anything, and nothing tells when that is over. */
test("new pods are full when they become ready", async () => {
  const old = new Set(pods.map(({ uid }) => uid));
  await replicated.cluster.kubectl("scale", "kvr", replicated.of[1], "-n", replicated.of[0], "--replicas=5");
  const held = new Map<string, number>();
  await waitFor("two new pods become ready", async () => {
    const fresh = (await replicated.pods.list()).filter(({ uid }) => !old.has(uid));
    // at the very moment that it says so
    for (const pod of fresh) if (!held.has(pod.name) && (await pod.isReady().catch(() => false))) held.set(pod.name, await pod.metric("kv_entries"));
    return held.size === 2;
  }, { timeoutMs: 120_000, intervalMs: 20 });
  expect([...held.values()]).toEqual([entries, entries]);
  pods = await replicated.pods.ready(5);
  for (const pod of pods) if (!old.has(pod.uid)) expect((await pod.replication()).warmup).toBe("copied");
  await holdAlike(pods, entries);
  expect((await allConnected()).status?.peers).toBe("4/4");
});

test("pods that start together do not wait for each other", async () => {
  // by way of zero: a pod that is killed serves for a while, and a new one would rightly copy from it
  await replicated.cluster.kubectl("scale", "kvr", replicated.of[1], "-n", replicated.of[0], "--replicas=0");
  await waitFor("no pod is left", async () => (await replicated.cluster.pods({ namespace: replicated.of[0], selector: `kvresponder.io/name=${replicated.of[1]}` })).length === 0, { timeoutMs: 90_000 });
  await replicated.cluster.kubectl("scale", "kvr", replicated.of[1], "-n", replicated.of[0], "--replicas=5");
  pods = await replicated.pods.ready(5);
  const states = await Promise.all(pods.map(async (pod) => (await pod.replication()).warmup));
  expect(states).toContain("alone");
  expect(states.filter((state) => state !== "alone" && state !== "copied")).toEqual([]);
  expect(await sum(pods, "kv_entries")).toBe(0);
  await allConnected();
});
