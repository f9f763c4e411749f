// A drain shows in the metrics while it lasts, and evictions as they happen: the wiring of main.ts, in a real process.
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { startResponder, type ResponderProcess } from "../process.ts";

const value = async ({ management }: ResponderProcess, series: string): Promise<number> => {
  const text = await (await fetch(`${management}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
};

test("a drain shows as long as it waits for a client", async () => {
  await using responder = await startResponder({ KVR_DRAIN_SECONDS: "30" });
  expect([await value(responder, "kv_drain_in_progress"), await value(responder, "kv_drain_duration_seconds")]).toEqual([0, 0]);
  const slow = connect(responder.ports.api, "127.0.0.1");
  await once(slow, "connect");
  slow.write("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
  await expect.poll(() => value(responder, "kv_http_requests_in_flight")).toBe(2);
  responder.signal("SIGTERM");
  await expect.poll(() => value(responder, "kv_drain_in_progress")).toBe(1);
  await expect.poll(() => value(responder, "kv_drain_duration_seconds")).toBeGreaterThan(0);
  slow.resume();
  slow.write("bc");
  expect(await responder.ended).toBe(0);
});

test("what eviction takes is counted with its age, and apart where nobody had read it", async () => {
  await using responder = await startResponder({ KVR_MAX_ENTRIES: "2", KVR_EVICTION_POLICY: "LRU" });
  const put = (key: string) => fetch(`${responder.api}/v1/kv/${key}`, { method: "PUT", body: key });
  await put("a");
  await (await fetch(`${responder.api}/v1/kv/a`)).text();
  for (const key of ["b", "c", "d"]) await put(key);
  expect(await value(responder, "kv_evicted_age_seconds_count")).toBe(2);
  expect(await value(responder, "kv_evicted_unfetched_total")).toBe(1);
  expect(await value(responder, 'kv_evicted_age_seconds_bucket{le="60"}')).toBe(2);
});
