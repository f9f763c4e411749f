// KeyDB's active replicas: what happened there when a link was lost and came back, and what happens here.
import { expect, test } from "vitest";
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
  await write(a, seconds);
  expect(await c.get("key-0")).toBe("key-0 by b");
  expect(await a.get("key-0")).toBe("key-0 by a");
  mesh.heal();

  const held = await agreement(mesh.pods, 10_000);
  const winners = new Map([...written].map(([key, all]) => [key, all.reduce((x, y) => (x.version > y.version ? x : y))]));
  expect(held).toEqual(winners);
  expect([held.get("key-0")?.value, held.get("key-1499")?.value]).toEqual(["key-0 by b", "key-1499 by a"]);
});
