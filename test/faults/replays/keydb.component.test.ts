// KeyDB's active replicas: what happened there when a link was lost and came back, and what happens here.
import { describe, expect, test } from "vitest";
import { startMesh } from "../../responder/replication/mesh.ts";
import { agreement, type Operation } from "../../responder/replication/pod.ts";

const named = (count: number) => Array.from({ length: count }, (_, i) => `key-${i}`);
const puts = (keys: readonly string[], value: (key: string) => string): Operation[] => keys.map((key) => ({ op: "put", key, value: value(key) }));

/**
 * KeyDB #366: two nodes that were written to on both sides of a split hold different values after it has healed, for good. A command that comes over a link
 * is only compared with the last one of that link, not with the key's own time, so each side takes the other's late values over its own later ones.
 */
test("KeyDB #366: after a split with writes on both sides, every key has the value with the greatest version everywhere", async () => {
  await using mesh = await startMesh("abc");
  const [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
  const keys = named(1_500);
  await a.run(puts(keys, () => "before"));
  await agreement(mesh.pods);

  mesh.split(["a"], ["b", "c"]);
  // each side is the later one for half of the keys
  const [firsts, seconds] = [keys.slice(0, 1_000), keys.slice(500)];
  const written = new Map<string, { value: string; version: string }[]>();
  const write = async (pod: typeof a, some: readonly string[]) => {
    const operations = puts(some, (key) => `${key} by ${pod.name}`);
    for (const [i, { version = "" }] of (await pod.run(operations)).entries()) written.set(some[i]!, [...(written.get(some[i]!) ?? []), { value: `${some[i]} by ${pod.name}`, version }]);
  };
  await write(a, firsts);
  await write(b, keys);
  const last = written.get("key-1499")?.at(-1)?.version ?? "";
  await a.putAfter(last, "clock", "a's");
  await write(a, seconds);
  expect(await c.get("key-0")).toBe("key-0 by b");
  expect(await a.get("key-0")).toBe("key-0 by a");
  mesh.heal();

  const held = await agreement(mesh.pods);
  const winners = new Map([...written].map(([key, all]) => [key, all.reduce((x, y) => (x.version > y.version ? x : y))]));
  held.delete("clock");
  expect(held).toEqual(winners);
  expect([held.get("key-0")?.value, held.get("key-1499")?.value]).toEqual(["key-0 by b", "key-1499 by a"]);
  // each of the 1,500 keys was met by at least one of the two; who had acknowledged the other's write by then met none
  const won = (winner: string) => Promise.all([a, b].map((pod) => pod.series(`kv_replication_conflicts_total{winner="${winner}"}`)));
  const [local, remote] = [await won("local"), await won("remote")];
  expect([...local, ...remote].reduce((sum, n) => sum + n)).toBeGreaterThanOrEqual(1_500);
  expect([await c.series('kv_replication_conflicts_total{winner="local"}'), await c.series('kv_replication_conflicts_total{winner="remote"}')]).toEqual([0, 0]);
});

/**
 * KeyDB #83: a node that was away comes back with keys that were deleted meanwhile, and gives them to the others. There a deletion leaves nothing behind that could be
 * compared with what comes. The same in #390 and #447.
 */
describe("KeyDB #83: what was deleted while a node was away", () => {
  test("is gone at that node when it returns, of 10,000 keys every one", async () => {
    await using mesh = await startMesh("abc");
    const [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
    const [doomed, kept] = [named(10_000), ["kept-0", "kept-1"]];
    await a.run(puts([...doomed, ...kept], () => "before"));
    await expect.poll(() => c.series("kv_entries"), { timeout: 10_000 }).toBe(10_002);
    mesh.split(["c"], ["a", "b"]);
    // by single deletions at both, some of them twice
    await Promise.all([a.run(doomed.slice(0, 6_000).map((key) => ({ op: "delete", key }))), b.run(doomed.slice(5_000).map((key) => ({ op: "delete", key })))]);
    expect(await c.series("kv_entries")).toBe(10_002);
    await c.put("kept-1", "written by who was away");
    mesh.heal();

    const held = await agreement(mesh.pods);
    expect(new Map([...held].map(([key, { value }]) => [key, value]))).toEqual(new Map([["kept-0", "before"], ["kept-1", "written by who was away"]]));
  });

  test("is gone there also when the others have forgotten the deletions by then", async () => {
    await using mesh = await startMesh("abc", { env: { KVR_TOMBSTONE_RETENTION: "1" } });
    const [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
    const doomed = named(2_000);
    await a.run(puts([...doomed, "kept"], () => "before"));
    await expect.poll(() => c.series("kv_entries"), { timeout: 10_000 }).toBe(2_001);
    mesh.split(["c"], ["a", "b"]);
    await a.run(doomed.map((key) => ({ op: "delete", key })));
    await expect.poll(() => b.series("kv_entries"), { timeout: 15_000 }).toBe(1);
    for (const pod of [a, b]) await expect.poll(() => pod.series("kv_tombstones"), { timeout: 10_000 }).toBe(0);
    expect(await c.series("kv_entries")).toBe(2_001);
    mesh.heal();

    expect([...(await agreement(mesh.pods)).keys()]).toEqual(["kept"]);
  });
});
