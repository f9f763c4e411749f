// Pods whose clocks are ahead: what such a pod writes is not taken before its time has come, so that it cannot win over everybody for as long as its clock is ahead.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fakeWall } from "../../support/fake-wall.ts";
import { startMesh } from "./mesh.ts";

test("a pod 10 s ahead is told so and is not ready, its writes are refused and counted; the others go on; set right, it is one of them again", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kvr-clock-"));
  try {
    const clockFile = join(dir, "offset");
    writeFileSync(clockFile, "+10\n");
    await using mesh = await startMesh("abc", { absent: ["c"] });
    const [a, b] = [mesh.pod("a"), mesh.pod("b")];
    const c = await mesh.start("c", fakeWall({ FAKETIME_TIMESTAMP_FILE: clockFile, FAKETIME_NO_CACHE: "1" }));
    await expect.poll(async () => (await c.readiness()).text, { timeout: 15_000 }).toContain("[-]clock failed: this pod's clock is more than 500 ms ahead of its peers'");
    expect((await c.readiness()).status).toBe(503);
    expect([(await c.replication()).clockAhead, await c.series("kv_clock_ahead")]).toEqual([true, 1]);

    const answer = await c.entry("PUT", "from the future", { body: "1", headers: { "kv-ack": "one" } });
    expect([answer.status, answer.headers.get("kv-acked")]).toEqual([504, "0/2"]);
    for (const pod of [a, b]) {
      expect(await pod.get("from the future")).toBe(undefined);
      await expect.poll(() => pod.series('kv_replication_operations_total{direction="in",result="ahead"}'), { timeout: 15_000 }).toBeGreaterThan(0);
      expect([(await pod.readiness()).status, await pod.series("kv_clock_ahead")]).toEqual([200, 0]);
    }
    // the others, and what they tell the one that is ahead
    expect((await a.entry("PUT", "from now", { body: "1", headers: { "kv-ack": "all" } })).headers.get("kv-acked")).toBe("2/2");
    expect([await b.get("from now"), await c.get("from now")]).toEqual(["1", "1"]);

    writeFileSync(clockFile, "+0\n");
    await expect.poll(async () => (await c.readiness()).status, { timeout: 25_000, interval: 200 }).toBe(200);
    // nothing was lost, only late
    for (const pod of [a, b]) await expect.poll(() => pod.get("from the future"), { timeout: 15_000 }).toBe("1");
    expect((await c.entry("PUT", "set right", { body: "1", headers: { "kv-ack": "all" } })).headers.get("kv-acked")).toBe("2/2");
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("a pod 200 ms ahead is like any other; one 10 s behind takes the others' writes that much later, and acknowledgements do not pretend that it has them", async () => {
  await using mesh = await startMesh("abc", { absent: ["c"], envOf: { b: fakeWall({ FAKETIME: "+0.2" }), c: { ...fakeWall({ FAKETIME: "-10" }), KVR_WARMUP_TIMEOUT: "1" } } });
  const [a, b] = [mesh.pod("a"), mesh.pod("b")];
  for (const pod of [a, b]) expect((await pod.entry("PUT", pod.name, { body: "1", headers: { "kv-ack": "all" } })).headers.get("kv-acked")).toBe("1/1");
  expect([await a.get("b"), await b.get("a")]).toEqual(["1", "1"]);
  // whoever writes last has the last word, by whatever clock
  for (const pod of [a, b, a, b, a]) await pod.put("last word", pod.name, { "kv-ack": "all" });
  expect([await a.get("last word"), await b.get("last word")]).toEqual(["a", "a"]);
  expect(await a.series('kv_replication_operations_total{direction="in",result="ahead"}')).toBe(0);
  expect([(await a.readiness()).status, (await b.readiness()).status]).toEqual([200, 200]);

  const c = await mesh.start("c");
  // it cannot be filled in time either
  await mesh.settled();
  await expect.poll(async () => (await a.entry("PUT", "by a", { body: "1", headers: { "kv-ack": "all" } })).headers.get("kv-acked"), { timeout: 15_000 }).toBe("1/2");
  expect(await c.get("by a")).toBe(undefined);
  expect(await c.series('kv_replication_operations_total{direction="in",result="ahead"}')).toBeGreaterThan(0);
  expect((await c.entry("PUT", "by c", { body: "1", headers: { "kv-ack": "all" } })).headers.get("kv-acked")).toBe("2/2");
  // one slow clock does not keep the others from serving
  expect([(await a.readiness()).status, (await b.readiness()).status]).toEqual([200, 200]);
});
