// A rolling update of a full cache under load, in counts: no request fails and hardly one misses.
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Pool } from "undici";
import type { Forward } from "../cluster/types.ts";
import { untilServed } from "../support/one-connection.ts";
import { startReplicated, type Replicated } from "./replication/set-up.ts";

const entries = 100_000;
const keyOf = (n: number): string => `entry-${n}`;
/** Gets in a row of which the hit ratio is taken: the worst hundredth of a rollout must not hide behind the rest. */
const window = 500;
const loops = 6;
/** Between two requests of a client: the rollout needs the machine too. */
const thinkMs = 3;

let replicated: Replicated;
let service: Forward;

beforeAll(async () => {
  replicated = await startReplicated("shop", { replicas: 3, cache: { maxMemory: "64Mi" } });
  const { cluster, of, pods } = replicated;
  const client = (await pods.ready(3))[0]!.connect();
  for (let n = 0; n < entries; n += 1_000) await client.batch(Array.from({ length: 1_000 }, (_, i) => [keyOf(n + i), `value of ${n + i} `.padEnd(100, "x")]));
  await client.close();
  service = await cluster.forward({ namespace: of[0], service: `kv-responder-${of[1]}`, port: 80 });
  await untilServed(service.url);
}, 600_000);

afterAll(async () => {
  await service?.close();
  await replicated?.[Symbol.asyncDispose]();
});

interface Traffic {
  readonly gets: number;
  readonly hits: number;
  readonly puts: number;
  /** Of each full window of gets. */
  readonly ratios: readonly number[];
  readonly failures: readonly string[];
}

/** Reads keys that are known to be there and writes them again, through the Service, while something is done. */
const traffic = async (during: (seen: { readonly gets: number }) => Promise<unknown>): Promise<Traffic> => {
  const pool = new Pool(service.url, { connections: loops });
  const headers = { authorization: `Bearer ${replicated.token}` };
  const seen = { gets: 0, hits: 0, puts: 0, ratios: [] as number[], failures: [] as string[] };
  const end = new AbortController();
  let [inWindow, hitsInWindow] = [0, 0];
  const once = async (n: number): Promise<void> => {
    const method = n % 5 === 0 ? "PUT" : "GET";
    const { statusCode, body } = await pool.request({ path: `/v1/kv/${keyOf(Math.floor(Math.random() * entries))}`, method, headers, ...(method === "PUT" && { body: `written again ${n}` }) });
    await body.dump();
    if (method === "PUT") {
      seen.puts++;
      // 201: this pod had not got it
      if (statusCode !== 204 && statusCode !== 201) throw new Error(`PUT answered ${statusCode}`);
      return;
    }
    seen.gets++;
    if (statusCode !== 200 && statusCode !== 404) throw new Error(`GET answered ${statusCode}`);
    if (statusCode === 200) seen.hits++;
    if (statusCode === 200) hitsInWindow++;
    if (++inWindow < window) return;
    seen.ratios.push(hitsInWindow / window);
    [inWindow, hitsInWindow] = [0, 0];
  };
  const running = Array.from({ length: loops }, async () => {
    for (let n = 0; !end.signal.aborted; n++) {
      await once(n).catch((error: unknown) => seen.failures.push(String(error)));
      await delay(thinkMs);
    }
  });
  await during(seen).finally(() => end.abort());
  await Promise.all(running);
  await pool.close();
  return seen;
};

test("the hit ratio stays above 0.99 of what it was, and no request fails", async () => {
  const { cluster, of, pods } = replicated;
  await cluster.waitFor("every pod holds everything", async () => (await Promise.all((await pods.ready(3)).map((pod) => pod.metric("kv_entries")))).every((held) => held === entries), { timeoutMs: 120_000, intervalMs: 500 });
  const old = new Set((await pods.list()).map(({ uid }) => uid));

  const before = await traffic((seen) => cluster.waitFor("some gets", () => seen.gets >= 2_000, { timeoutMs: 60_000 }));
  const ratio = before.hits / before.gets;
  expect(before).toMatchObject({ failures: [] });
  // less were a fault of this test
  expect(ratio).toBe(1);

  const rollout = async () => {
    await cluster.kubectl("rollout", "restart", `deploy/kv-responder-${of[1]}`, "-n", of[0]);
    await cluster.kubectl("rollout", "status", `deploy/kv-responder-${of[1]}`, "-n", of[0], "--timeout=240s", { timeoutMs: 250_000 });
    await cluster.waitFor("the old pods are gone", async () => (await cluster.pods({ namespace: of[0], selector: `kvresponder.io/name=${of[1]}` })).every(({ metadata }) => !old.has(metadata.uid)), { timeoutMs: 120_000, intervalMs: 250 });
  };
  const during = await traffic(rollout);
  const worst = Math.min(...during.ratios);
  console.log(`rolling update of 3 pods with ${entries} entries: ${during.gets} gets, ${during.gets - during.hits} misses, worst window of ${window} gets ${worst}; ${during.puts} puts; ${during.failures.length} failures; before ${ratio}`);
  expect(during.failures.slice(0, 5)).toEqual([]);
  expect(during.ratios.length).toBeGreaterThan(10);
  expect(worst).toBeGreaterThanOrEqual(0.99 * ratio);

  const after = await pods.ready(3);
  expect(after.filter(({ uid }) => old.has(uid))).toEqual([]);
  for (const pod of after) {
    expect((await pod.replication()).warmup).toBe("copied");
    expect(await pod.metric("kv_entries")).toBe(entries);
  }
}, 600_000);
