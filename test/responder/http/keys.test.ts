import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ListAnswer } from "../../../responder/http/schema/keys.ts";
import { codeOf, openApi, type Api } from "./harness.ts";

let api: Api;
beforeEach(async () => void (api = await openApi()));
afterEach(() => api.close());

const put = (key: string, value = "1", headers: Record<string, string> = {}) => api.send("PUT", `/v1/kv/${key}`, { body: value, headers });
const page = async (query: string): Promise<ListAnswer> => JSON.parse((await api.send("GET", `/v1/kv${query}`)).body.toString()) as ListAnswer;
const pages = async (query: string, between: () => Promise<unknown> = async () => {}): Promise<ListAnswer["keys"]> => {
  const keys: ListAnswer["keys"] = [];
  let cursor: string | null = "";
  do {
    const answer: ListAnswer = await page(`?${query}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    keys.push(...answer.keys);
    cursor = answer.cursor;
    if (cursor !== null) await between();
  } while (cursor !== null);
  return keys;
};

describe("listing", () => {
  test("a key with what is known of it", async () => {
    const { headers } = await put("a%20b", "value", { "kv-ttl": "60" });
    await put("%ff", "");
    const { keys, cursor } = await page("");
    expect(keys.toSorted((a, b) => b.bytes - a.bytes)).toEqual([
      { key: "a b", keyEncoding: "utf8", bytes: 5, version: String(headers.etag).slice(1, -1), ttl: 60 },
      { key: "/w==", keyEncoding: "base64", bytes: 0, version: expect.any(String) },
    ]);
    expect(cursor).toBeNull();
  });

  test("the prefix is bytes, percent-decoded; + is a space", async () => {
    for (const key of ["a%20b", "a%2Fb", "a", "b", "%ff%fe", "%ff"]) await put(key);
    const under = async (prefix: string) => (await pages(`prefix=${prefix}`)).map((k) => k.key).toSorted();
    expect(await under("a")).toEqual(["a", "a b", "a/b"]);
    expect(await under("a%20")).toEqual(["a b"]);
    expect(await under("a+")).toEqual(["a b"]);
    expect(await under("a/")).toEqual(["a/b"]);
    expect(await under("%ff%fe")).toEqual(["//4="]);
    expect(await under("zzz")).toEqual([]);
    expect(await under("")).toHaveLength(6);
  });

  test("pages of any size hold every key once when nothing changes", async () => {
    for (let i = 0; i < 25; i++) await put(`k${i}`);
    for (const limit of [1, 2, 7, 25, 26, 1000]) {
      const keys = await pages(`prefix=k&limit=${limit}`);
      expect(keys.map((k) => k.key).toSorted()).toEqual(Array.from({ length: 25 }, (_, i) => `k${i}`).toSorted());
    }
    // the store's steps are of eight keys, or more with equal hashes
    for (const limit of [1, 7]) expect((await page(`?limit=${limit}`)).keys.length).toBeLessThanOrEqual(8);
    for (const limit of [9, 15]) expect((await page(`?limit=${limit}`)).keys.length).toBeLessThanOrEqual(limit);
  });

  test("under changes between the pages, keys that were there throughout are listed, and none that never were", async () => {
    const key = fc.nat(40).map((n) => (n % 2 === 0 ? `in${n}` : `out${n}`));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 30 }), fc.array(fc.record({ key, put: fc.boolean() }), { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), async (start, changes, limit) => {
        await api.send("DELETE", "/v1/kv?prefix=");
        for (const k of start) await put(k);
        const throughout = new Set(start.filter((k) => k.startsWith("in")));
        const ever = new Set(throughout);
        const queue = [...changes];
        const keys = await pages(`prefix=in&limit=${limit}`, async () => {
          const change = queue.shift();
          if (!change) return;
          if (change.put) await put(change.key, "2");
          else await api.send("DELETE", `/v1/kv/${change.key}`);
          if (!change.put) throughout.delete(change.key);
          else if (change.key.startsWith("in")) ever.add(change.key);
        });
        const listed = keys.map((k) => k.key);
        for (const k of throughout) expect(listed).toContain(k);
        for (const k of listed) expect(ever).toContain(k);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  test("HEAD answers without the page", async () => {
    await put("a");
    const head = await api.send("HEAD", "/v1/kv?prefix=a");
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });

  test("counted one for each key, on route keys", async () => {
    for (const key of ["a", "b", "c"]) await put(key);
    await page("");
    await expect.poll(() => api.series('kv_operations_total{operation="scan",result="ok"}')).toBe(3);
    expect(await api.series('kv_http_requests_total{method="GET",route="keys",code="200"}')).toBe(1);
  });
});

test.each([
  ["limit=0", "invalid_limit"],
  ["limit=1001", "invalid_limit"],
  ["limit=1e2", "invalid_limit"],
  ["limit=", "invalid_limit"],
  ["limit=%31", "invalid_limit"],
  ["cursor=0", "invalid_cursor"],
  ["cursor=", "invalid_cursor"],
  ["cursor=0000000g", "invalid_cursor"],
  ["prefix=%4", "invalid_prefix"],
  [`prefix=${"a".repeat(513)}`, "invalid_prefix"],
  ["prefix=a&prefix=b", "invalid_query"],
  ["prefix", "invalid_query"],
  ["prefx=a", "invalid_query"],
  ["__proto__=a", "invalid_query"],
])("GET ?%s is refused with %s", async (query, code) => {
  const answer = await api.send("GET", `/v1/kv?${query}`);
  expect([answer.status, codeOf(answer)]).toEqual([400, code]);
});

describe("deleting", () => {
  test("what begins with the prefix goes, the rest stays", async () => {
    for (const key of ["a1", "a2", "b1", "%ff"]) await put(key);
    const answer = await api.send("DELETE", "/v1/kv?prefix=a");
    expect([answer.status, answer.body.toString()]).toEqual([200, '{"deleted":2}\n']);
    expect((await pages("")).map((k) => k.key).toSorted()).toEqual(["/w==", "b1"]);
    await expect.poll(() => api.series('kv_operations_total{operation="delete",result="hit"}')).toBe(2);
  });

  test.each(["", "?", "?limit=5", "?prefix=a&limit=5", "?prefix=a&cursor=00000001", "?prefix=a&prefix=", "?prefix=%"])("DELETE /v1/kv%s deletes nothing", async (query) => {
    await put("a");
    expect((await api.send("DELETE", `/v1/kv${query}`)).status).toBe(400);
    expect(api.store.stats().entries).toBe(1);
  });

  test("everything, when the empty prefix is spelt out", async () => {
    for (const key of ["a", "b"]) await put(key);
    expect((await api.send("DELETE", "/v1/kv?prefix=")).body.toString()).toBe('{"deleted":2}\n');
    expect(api.store.stats().entries).toBe(0);
  });
});

test("another method is told which ones there are, and counts as other", async () => {
  const answer = await api.send("PUT", "/v1/kv", { body: "1" });
  expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD, DELETE"]);
  await expect.poll(() => api.series('kv_http_requests_total{method="other",route="keys",code="405"}')).toBe(1);
});
