// cacheable's CacheableSync sends every write as a whole value over a bus, without a version, and applies what comes in the order in which it comes. Measured there, with two
// instances on a bus that takes 1 to 5 ms and both writing the same 2,000 keys: 1,913 of them differed for good, since each side's own value was overwritten by the other's.
import { expect, test } from "vitest";
import { startMesh } from "../../responder/replication/mesh.ts";
import { agreement, type Operation } from "../../responder/replication/pod.ts";

test("cacheable's bus of 1 to 5 ms: two pods write the same 2,000 keys at the same time, and none differs", async () => {
  await using mesh = await startMesh("ab");
  const [a, b] = [mesh.pod("a"), mesh.pod("b")];
  for (const lane of [mesh.lane("a", "b"), mesh.lane("b", "a")]) lane.delay = () => 1 + 4 * Math.random();
  const keys = Array.from({ length: 2_000 }, (_, i) => `key-${i}`);
  const write = async (pod: typeof a, order: readonly string[]) => {
    for (let at = 0; at < order.length; at += 50) await pod.run(order.slice(at, at + 50).map((key): Operation => ({ op: "put", key, value: `${key} by ${pod.name}` })));
  };
  // from both ends, so that each is the later one somewhere
  await Promise.all([write(a, keys), write(b, keys.toReversed())]);

  const held = await agreement([a, b]);
  expect(held.size).toBe(2_000);
  for (const [key, { value }] of held) expect([`${key} by a`, `${key} by b`]).toContain(value);
  expect(new Set([...held.values()].map(({ value }) => value.slice(-1)))).toEqual(new Set("ab"));
  // some writes met, or nothing was tried
  const late = await Promise.all([a, b].map((pod) => pod.series('kv_replication_operations_total{direction="in",result="applied"}')));
  expect(late.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
});
