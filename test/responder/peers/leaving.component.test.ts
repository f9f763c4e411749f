// A pod that is told to stop hands over what its peers lack, says good-bye, and is gone for them at once; one that cannot says how much was left.
import { expect, test } from "vitest";
import { startMesh } from "../replication/mesh.ts";
import type { Pod } from "../replication/pod.ts";

/** Writes keys one after the other, each once, until the pod takes no more. Returns those that were acknowledged. */
const writeUntilRefused = async (pod: Pod, name: string, onWritten: () => void): Promise<string[]> => {
  const written: string[] = [];
  for (;;) {
    const key = `${name}-${written.length}`;
    try {
      await pod.put(key, key);
    } catch {
      return written;
    }
    written.push(key);
    onWritten();
  }
};

test("SIGTERM under writes: every write that was answered is at the peers, who are told, and do not wait for silence", async () => {
  await using mesh = await startMesh("abc");
  const [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
  // what is on its way when the signal comes
  for (const peer of ["a", "b"]) mesh.lane("c", peer).delay = () => 100;
  let count = 0;
  const writers = Array.from({ length: 8 }, (_, i) => writeUntilRefused(c, `writer-${i}`, () => void count++));
  await expect.poll(() => count, { timeout: 15_000 }).toBeGreaterThan(400);
  c.signal("SIGTERM");
  const written = (await Promise.all(writers)).flat();
  expect(await c.ended).toBe(0);
  const timeOf = (line: Readonly<Record<string, unknown>> | undefined) => Date.parse(String(line?.["time"]));

  for (const pod of [a, b]) {
    await expect.poll(() => pod.said("peer changed").at(-1), { timeout: 3_000 }).toMatchObject({ peer: expect.stringContaining("uid-c/"), from: "joined", to: "left", reason: "leave" });
    // three heartbeats are needed to miss one who does not say it
    expect(timeOf(pod.said("peer changed").at(-1)) - timeOf(c.said("stopped")[0])).toBeLessThan(1_000);
    expect((await pod.replication()).connected).toBe(1);
    expect(await pod.series('kv_discovery_messages_total{kind="leave",direction="in"}')).toBe(1);
    const held = await pod.contents();
    expect(written.filter((key) => held.get(key)?.value !== key)).toEqual([]);
  }
  expect(c.said("peers did not take everything in time")).toEqual([]);
  expect(c.said("stopped")).toHaveLength(1);
  // nobody waits for the acknowledgement of who has left
  expect((await a.entry("PUT", "after", { body: "1", headers: { "kv-ack": "all" } })).headers.get("kv-acked")).toBe("1/1");
});

test("SIGTERM while the links are down for a moment: it waits until they are up again, and hands over", async () => {
  await using mesh = await startMesh("abc");
  const [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
  // what is written does not get away before the links break
  for (const peer of ["a", "b"]) mesh.lane("c", peer).cut();
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
  await c.run(keys.map((key) => ({ op: "put", key, value: key })));
  for (const peer of ["a", "b"]) mesh.reset("c", peer);
  await expect.poll(() => c.said("link is down").filter(({ reason }) => reason !== "refused: self").length, { timeout: 15_000 }).toBeGreaterThan(1);
  c.signal("SIGTERM");
  // clients are done with, and nothing is left to do but to hand over
  await expect.poll(() => fetch(c.api).then(() => "served", () => "refused"), { timeout: 15_000 }).toBe("refused");
  expect((await c.readiness()).status).toBe(503);
  mesh.heal();
  expect(await c.ended).toBe(0);
  for (const pod of [a, b]) expect([...(await pod.contents()).keys()].toSorted()).toEqual(keys.toSorted());
  expect(c.said("peers did not take everything in time")).toEqual([]);
});

test("with a peer that cannot be heard the end still comes, in bounded time, and the log says what was not handed over", async () => {
  await using mesh = await startMesh("abc", { env: { KVR_DRAIN_SECONDS: "1" } });
  const [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
  mesh.split(["b"], ["a", "c"]);
  await c.run(Array.from({ length: 25 }, (_, i) => ({ op: "put", key: `key-${i}`, value: "1" })));
  await expect.poll(() => a.series("kv_entries"), { timeout: 15_000 }).toBe(25);
  const began = performance.now();
  c.signal("SIGTERM");
  expect(await c.ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(12_000);
  expect(c.said("peers did not take everything in time")).toMatchObject([{ level: "warn", records: 25 }]);
  expect(await b.series("kv_entries")).toBe(0);
  // who was handed everything gives it to whoever could not be reached
  mesh.heal();
  await expect.poll(() => b.series("kv_entries"), { timeout: 20_000 }).toBe(25);
});
