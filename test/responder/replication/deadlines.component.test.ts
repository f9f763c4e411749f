// What ends at a time, and what is deleted at a stroke: the same everywhere, also where nothing was heard of it for a while.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startMesh, type Mesh } from "./mesh.ts";
import { agreement, type Operation, type Pod } from "./pod.ts";

/** How much later than the deadline another pod may still read: what two clocks may be apart. */
const boundMs = 500;

let mesh: Mesh;
let a: Pod;
let b: Pod;
let c: Pod;
beforeAll(async () => {
  mesh = await startMesh("abc");
  [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
});
afterAll(() => mesh?.[Symbol.asyncDispose]());
beforeEach(async () => {
  mesh.heal();
  await mesh.settled();
});

const puts = (prefix: string, count: number): Operation[] => Array.from({ length: count }, (_, i) => ({ op: "put", key: `${prefix}${i}`, value: "1" }));

describe("a time to live", () => {
  /** Reads at all pods until none has it, and returns when the last read that found it began. */
  const lastReadable = async (key: string): Promise<number> => {
    let last = 0;
    const look = async (pod: Pod) => {
      const began = Date.now();
      if ((await pod.get(key)) === undefined) return false;
      last = Math.max(last, began);
      return true;
    };
    await expect.poll(async () => (await Promise.all(mesh.pods.map(look))).some(Boolean), { timeout: 20_000, interval: 10 }).toBe(false);
    return last;
  };

  test("ends at the same moment at every pod, however late the entry came", async () => {
    mesh.lane("a", "c").delay = () => 1_000;
    // nor by way of b
    mesh.split(["b"], ["c"]);
    await a.put("late", "1", { "kv-ttl": "3" });
    const deadline = Date.now() + 3_000;
    await expect.poll(() => c.get("late"), { timeout: 5_000 }).toBe("1");
    const ttl = Number((await c.entry("HEAD", "late")).headers.get("kv-ttl"));
    expect(ttl).toBeLessThanOrEqual(2);
    expect(await lastReadable("late")).toBeLessThanOrEqual(deadline + boundMs);
    mesh.lane("a", "c").delay = () => 0;
  });

  test("an entry that ended while a pod could not be heard is not readable there, neither the one it had nor the one it had not", async () => {
    await a.put("known", "1", { "kv-ttl": "2", "kv-ack": "all" });
    mesh.split(["c"], ["a", "b"]);
    await a.put("unknown", "1", { "kv-ttl": "2" });
    const deadline = Date.now() + 2_000;
    expect(await c.get("known")).toBe("1");
    expect(await lastReadable("known")).toBeLessThanOrEqual(deadline + boundMs);
    await expect.poll(() => a.get("unknown"), { timeout: 5_000 }).toBe(undefined);
    mesh.heal();
    await a.put("after the heal", "1");
    await expect.poll(() => c.get("after the heal"), { timeout: 15_000 }).toBe("1");
    expect(await Promise.all(mesh.pods.flatMap((pod) => [pod.get("known"), pod.get("unknown")]))).toEqual(Array(6).fill(undefined));
  });

  test("the later word on a deadline counts: one that was lengthened apart from who shortened it", async () => {
    await a.commands("SET stays 1 EX 100", "WAIT 2 5000");
    mesh.split(["a"], ["b", "c"]);
    await a.commands("EXPIRE stays 1");
    await b.putAfter(await a.put("clock", "a"), "clock", "b");
    await b.commands("EXPIRE stays 200");
    await expect.poll(() => a.get("stays"), { timeout: 5_000 }).toBe(undefined);
    mesh.heal();
    await expect.poll(() => a.get("stays"), { timeout: 15_000 }).toBe("1");
    const [ttl] = await c.commands("TTL stays");
    expect(Number(ttl)).toBeGreaterThan(100);
  });
});

describe("a deletion of many keys", () => {
  const sent = () => mesh.pod("a").series('kv_replication_operations_total{direction="out",result="sent"}');
  const deleteAll = async (pod: Pod, prefix: string) => (await fetch(`${pod.api}/v1/kv?prefix=${encodeURIComponent(prefix)}`, { method: "DELETE" })).json();

  test("by prefix is one record, also for a pod that was away; what that one had written before is deleted, what it wrote after stays", async () => {
    await a.run([...puts("user:", 2_000), ...puts("other:", 10)]);
    for (const pod of mesh.pods) await expect.poll(() => pod.versions().then((held) => [...held.keys()].filter((key) => /^(user|other):/.test(key)).length), { timeout: 15_000 }).toBe(2_010);
    mesh.split(["c"], ["a", "b"]);
    const early = await c.put("user:written before", "1");
    await a.putAfter(early, "clock", "a");
    const before = { sent: await sent(), bytes: mesh.lane("a", "b").bytes };

    expect(await deleteAll(a, "user:")).toEqual({ deleted: 2_000 });
    await expect.poll(() => b.get("user:1999"), { timeout: 15_000 }).toBe(undefined);
    expect(await c.get("user:1999")).toBe("1");
    expect((await sent()) - before.sent).toBeLessThan(10);
    expect(mesh.lane("a", "b").bytes - before.bytes).toBeLessThan(20_000);
    await c.putAfter(await a.put("clock", "after"), "user:written after", "1");
    mesh.heal();

    const held = [...(await agreement(mesh.pods)).keys()].filter((key) => /^(user|other):/.test(key));
    expect(held.toSorted()).toEqual(["user:written after", ...puts("other:", 10).map(({ key }) => key)].toSorted());
  });

  test("FLUSHALL is one as well", async () => {
    await a.run(puts("all:", 1_000));
    await expect.poll(() => c.get("all:999"), { timeout: 15_000 }).toBe("1");
    mesh.split(["c"], ["a", "b"]);
    const early = await c.put("all:written before", "1");
    await a.putAfter(early, "clock", "a");
    const before = await sent();
    expect(await a.commands("FLUSHALL")).toEqual(["OK"]);
    await expect.poll(() => b.series("kv_entries"), { timeout: 15_000 }).toBe(0);
    expect((await sent()) - before).toBeLessThan(10);
    const version = await b.put("from now on", "1");
    await c.putAfter(version, "all:written after", "1");
    mesh.heal();
    const held = await agreement(mesh.pods);
    expect([...held.keys()].filter((key) => key !== "clock").toSorted()).toEqual(["all:written after", "from now on"]);
  });
});
