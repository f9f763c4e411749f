// A container that starts again in its pod: the same UID, and another member, since it has lost what it held.
import { expect, test } from "vitest";
import { startMesh } from "../replication/mesh.ts";
import { agreement } from "../replication/pod.ts";

test("a process that was killed comes back as a new member under the same pod UID, and is filled before it is ready", async () => {
  await using mesh = await startMesh("abc");
  const [a, b] = [mesh.pod("a"), mesh.pod("b")];
  await mesh.pod("c").run(Array.from({ length: 3_000 }, (_, i) => ({ op: "put", key: `key-${i}`, value: "x".repeat(300) })), { "kv-ack": "all" });
  const former = a.said("peer changed").find(({ peer }) => String(peer).startsWith("uid-c/"))?.["peer"];
  await mesh.kill("c");
  await a.put("written meanwhile", "1", { "kv-ack": "one" });
  await a.delete("key-0");

  const c = await mesh.start("c");
  const started = performance.now();
  // never is it ready and empty
  await expect
    .poll(
      async () => {
        const [ready, entries] = [(await c.readiness()).status === 200, await c.series("kv_entries")];
        return ready ? entries : undefined;
      },
      { timeout: 20_000, interval: 20 },
    )
    .toBe(3_000);
  expect((await c.replication()).warmup).toBe("copied");
  expect(performance.now() - started).toBeLessThan(15_000);
  await agreement([a, b, c]);
  expect([await c.get("written meanwhile"), await c.get("key-0"), await c.get("key-1")]).toEqual(["1", undefined, "x".repeat(300)]);

  for (const pod of [a, b]) {
    const changes = pod.said("peer changed").filter(({ peer }) => String(peer).startsWith("uid-c/"));
    expect(changes).toContainEqual(expect.objectContaining({ peer: former, to: "left", reason: "replaced" }));
    expect(changes.at(-1)).toMatchObject({ to: "joined", reason: "handshake" });
    expect(changes.at(-1)?.["peer"]).not.toBe(former);
    expect((await pod.replication()).connected).toBe(2);
  }
  expect((await a.entry("PUT", "together", { body: "1", headers: { "kv-ack": "all" } })).headers.get("kv-acked")).toBe("2/2");
});

test("all at once: pods that start together again do not wait for each other, nor for who they were", async () => {
  await using mesh = await startMesh("abc");
  await mesh.pod("a").put("lost", "1", { "kv-ack": "all" });
  await Promise.all(["a", "b", "c"].map((name) => mesh.kill(name)));
  const pods = await Promise.all(["a", "b", "c"].map((name) => mesh.start(name)));
  await mesh.settled();
  for (const pod of pods) expect(await pod.get("lost")).toBe(undefined);
  for (const pod of pods) expect(pod.said("warmed up")[0]?.["durationMs"]).toBeLessThan(10_000);
  await pods[0]?.put("new", "1", { "kv-ack": "all" });
  expect(await pods[2]?.get("new")).toBe("1");
});
