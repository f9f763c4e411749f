// oryx #53: a node that makes room writes a tombstone for what it evicts; its peers take that for a deletion, and live data is gone everywhere. Without the tombstone the
// comparison of the nodes gives back what was evicted, which evicts something else, and so on. Here eviction is nobody else's business, and what made room stays away.
import { expect, test } from "vitest";
import { startMesh } from "../../responder/replication/mesh.ts";
import type { Operation, Pod } from "../../responder/replication/pod.ts";

const entries = 12_000;
const key = (i: number) => `key-${i}`;
const records = async (pod: Pod) => (await Promise.all(["applied", "stale", "refused"].map((result) => pod.series(`kv_replication_operations_total{direction="in",result="${result}"}`)))).reduce((sum, n) => sum + n, 0);
const heartbeats = (pod: Pod) => pod.series('kv_discovery_messages_total{kind="heartbeat",direction="in"}');

test.each([
  ["ab", "a small pod beside a roomy one evicts for itself, deletes nothing there, and is not filled again and again"],
  ["abc", "the same while a pod that is listed has never been there, so that what it knows cannot be told"],
])("oryx #53, of %s: %s", async (names) => {
  await using mesh = await startMesh(names, { absent: ["c"], envOf: { a: { KVR_MAX_MEMORY: String(64 * 2 ** 20) }, b: { KVR_MAX_MEMORY: String(4 * 2 ** 20) } } });
  const [roomy, small] = [mesh.pod("a"), mesh.pod("b")];
  await roomy.run(Array.from({ length: entries }, (_, i): Operation => ({ op: "put", key: key(i), value: "x".repeat(1_000) })));
  await expect.poll(() => roomy.series("kv_replication_queue_items"), { timeout: 10_000 }).toBe(0);
  const evictions = () => small.series('kv_evictions_total{reason="memory"}');
  expect(await evictions()).toBeGreaterThan(entries / 2);

  // they lose sight of each other and compare all they hold when they meet again
  mesh.split(["a"], ["b"]);
  await expect.poll(async () => (await small.replication()).connected, { timeout: 10_000 }).toBe(0);
  const before = { evictions: await evictions(), records: await records(small), heartbeats: await heartbeats(small) };
  mesh.heal();
  await expect.poll(() => roomy.series("kv_replication_divergence_items"), { timeout: 10_000 }).toBeGreaterThan(0);
  await expect.poll(() => heartbeats(small), { timeout: 15_000 }).toBeGreaterThan(before.heartbeats + 4);
  expect((await evictions()) - before.evictions).toBeLessThan(entries / 100);
  expect((await records(small)) - before.records).toBeLessThan(entries / 100);

  expect(await roomy.series("kv_entries")).toBe(entries);
  expect(await roomy.series("kv_tombstones")).toBe(0);
  const [all, some] = [await roomy.contents(), await small.contents()];
  expect(some.size).toBeGreaterThan(entries / 10);
  for (const [name, held] of some) expect(all.get(name)).toEqual(held);
  // what is used at the small one may come in again by being written again, wherever
  await roomy.put(key(0), "written again");
  await expect.poll(() => small.get(key(0)), { timeout: 15_000 }).toBe("written again");
});
