// olric #55: users ask for a warm-up of nodes that join, and for a way to tell when it is done, so that a readiness probe can wait for it. There, a node that joins
// is one of the others at once, and a rolling update empties the cache bit by bit. Here a pod that is not filled is not ready, and says so, but never for ever.
import { describe, expect, test } from "vitest";
import { startMesh } from "../../responder/replication/mesh.ts";
import type { Operation, Pod } from "../../responder/replication/pod.ts";

const entries = 20_000;
const bytes = 500;
const fill = (pod: Pod) => pod.run(Array.from({ length: entries }, (_, i): Operation => ({ op: "put", key: `key-${i}`, value: `${i} `.padEnd(bytes, "x") })));
const warmup = async (pod: Pod) => ({ ...(await pod.replication()), copied: await pod.series('kv_warmup_state{state="copied"}'), warming: await pod.series('kv_warmup_state{state="warming"}') });

describe("olric #55: readiness and the first copy", () => {
  test("a pod is ready when it has a copy, and not before; meanwhile it is told what is written", async () => {
    await using mesh = await startMesh("ab", { absent: ["b"] });
    const a = mesh.pod("a");
    expect((await a.replication()).warmup).toBe("alone");
    await fill(a);
    // 10 MB in about 5 s
    mesh.lane("a", "b").bytesPerSecond = 2 * 2 ** 20;
    const b = await mesh.start("b");
    await expect.poll(() => b.series("kv_entries"), { timeout: 15_000 }).toBeGreaterThan(0);
    expect(await b.readiness()).toEqual({ status: 503, text: expect.stringContaining("[-]warmup failed: entries are being copied from a peer") });
    expect(await warmup(b)).toMatchObject({ warmup: "warming", warming: 1, copied: 0 });
    await a.put("key-0", "written meanwhile");
    expect((await warmup(b)).warmup).toBe("warming");

    mesh.lane("a", "b").bytesPerSecond = Infinity;
    mesh.lane("a", "b").heal();
    await expect.poll(async () => (await b.readiness()).status, { timeout: 20_000 }).toBe(200);
    expect(await b.series("kv_entries")).toBe(entries);
    expect(await warmup(b)).toMatchObject({ warmup: "copied", warming: 0, copied: 1 });
    expect(b.said("warmed up")).toMatchObject([{ how: "copied", entries }]);
    expect(await b.get("key-0")).toBe("written meanwhile");
  });

  test("a copy that takes too long is no reason to stay away: ready at the limit, and the log, the metric and /info tell", async () => {
    await using mesh = await startMesh("ab", { absent: ["b"], env: { KVR_WARMUP_TIMEOUT: "2" } });
    await fill(mesh.pod("a"));
    mesh.lane("a", "b").bytesPerSecond = 100 * 1024;
    const b = await mesh.start("b");
    expect((await b.readiness()).status).toBe(503);
    await expect.poll(async () => (await b.readiness()).status, { timeout: 10_000 }).toBe(200);
    expect(await b.series("kv_entries")).toBeLessThan(entries);
    expect((await b.replication()).warmup).toBe("timedOut");
    expect(await b.series('kv_warmup_state{state="timedOut"}')).toBe(1);
    expect(b.said("warm-up took too long; serving with what is there")).toMatchObject([{ level: "warn", how: "timedOut" }]);
    // it goes on
    mesh.lane("a", "b").bytesPerSecond = Infinity;
    mesh.lane("a", "b").heal();
    await expect.poll(() => b.series("kv_entries"), { timeout: 20_000 }).toBe(entries);
    await expect.poll(async () => (await b.replication()).warmup, { timeout: 15_000 }).toBe("copied");
  });

  test("pods created together do not wait for each other", async () => {
    await using mesh = await startMesh("abc");
    for (const pod of mesh.pods) expect(["alone", "copied"]).toContain((await pod.replication()).warmup);
    for (const pod of mesh.pods) expect(pod.said("warmed up")[0]?.["durationMs"]).toBeLessThan(5_000);
  });
});
