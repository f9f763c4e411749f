import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putOutcome, type PutOutcome, type Store } from "../../../responder/store/types.ts";
import { codeOf, openApi, type Api, type Options } from "./harness.ts";

describe.each([
  ["on the fast path", true],
  ["the general way", false],
])("%s", (_name, fast) => {
  let api: Api;
  const reopen = async (options: Options) => {
    await api.close();
    api = await openApi({ fast, ...options });
  };
  beforeEach(async () => void (api = await openApi({ fast })));
  afterEach(() => api.close());

  const etag = /^"[0-9a-f]{24}"$/;

  test("PUT creates with 201 and replaces with 204; both return the ETag that GET shows", async () => {
    const created = await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "content-type": "text/plain" } });
    expect([created.status, created.headers.etag]).toEqual([201, expect.stringMatching(etag)]);
    const replaced = await api.send("PUT", "/v1/kv/a", { body: "two" });
    expect(replaced.status).toBe(204);
    expect(replaced.headers.etag).not.toBe(created.headers.etag);
    const got = await api.send("GET", "/v1/kv/a");
    expect(got).toMatchObject({ status: 200, headers: { etag: replaced.headers.etag, "content-type": "application/octet-stream", "content-length": "3", "x-content-type-options": "nosniff" } });
    expect(got.headers["kv-ttl"]).toBeUndefined();
    expect(got.body.toString()).toBe("two");
  });

  test("the content type is kept, whatever it is", async () => {
    await api.send("PUT", "/v1/kv/a", { body: "{}", headers: { "content-type": "application/json; charset=utf-8" } });
    expect((await api.send("GET", "/v1/kv/a")).headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  test("values are bytes: empty, all 256, chunked", async () => {
    for (const body of [Buffer.alloc(0), Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i))]) {
      await api.send("PUT", "/v1/kv/bytes", { body });
      expect((await api.send("GET", "/v1/kv/bytes")).body).toEqual(body);
    }
    await api.send("PUT", "/v1/kv/chunked", { body: "abc", headers: { "transfer-encoding": "chunked" } });
    expect((await api.send("GET", "/v1/kv/chunked")).body.toString()).toBe("abc");
  });

  test("HEAD is GET without the body", async () => {
    await api.send("PUT", "/v1/kv/a", { body: "value", headers: { "kv-ttl": "60" } });
    const [head, get] = [await api.send("HEAD", "/v1/kv/a"), await api.send("GET", "/v1/kv/a")];
    const { date: _, ...expected } = get.headers;
    expect(head).toMatchObject({ status: 200, headers: expected });
    expect(head.body).toHaveLength(0);
    expect((await api.send("HEAD", "/v1/kv/none")).status).toBe(404);
  });

  test("DELETE answers 204, then 404", async () => {
    await api.send("PUT", "/v1/kv/a", { body: "1" });
    expect((await api.send("DELETE", "/v1/kv/a")).status).toBe(204);
    const again = await api.send("DELETE", "/v1/kv/a");
    expect([again.status, codeOf(again)]).toEqual([404, "key_not_found"]);
  });

  describe("keys", () => {
    test.each(["%00", "%2F", "%2f%2e%2e", "..", "%2e%2e", "%ff%fe", "__proto__", "a%25b", "caf%C3%A9", "%3F%23", "k".repeat(512)])("%j is a key of its own", async (key) => {
      expect((await api.send("PUT", `/v1/kv/${key}`, { body: key })).status).toBe(201);
      expect((await api.send("GET", `/v1/kv/${key}?query=ignored`)).body.toString()).toBe(key);
      expect(api.store.stats().entries).toBe(1);
    });

    test("the same bytes in another spelling are the same key", async () => {
      await api.send("PUT", "/v1/kv/%61%2fb", { body: "1" });
      expect((await api.send("GET", "/v1/kv/a%2Fb")).status).toBe(200);
    });

    test("bytes beyond ASCII must be escaped, as URLs ask", async () => {
      const { closed } = await api.raw("PUT /v1/kv/caf\xe9 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1");
      expect(await closed).toMatch(/^HTTP\/1\.1 400 /);
      expect(api.store.stats().entries).toBe(0);
    });

    test.each(["/v1/kv/", "/v1/kv/a/b", "/v1/kv/%zz", `/v1/kv/${"k".repeat(513)}`])("PUT %j is refused and counted", async (path) => {
      const answer = await api.send("PUT", path, { body: "1" });
      expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_key"]);
      await expect.poll(() => api.series('kv_rejected_writes_total{reason="key"}')).toBe(1);
    });
  });

  describe("time to live", () => {
    test("what remains is shown in whole seconds, rounded up, and at the end the entry is gone", async () => {
      await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "kv-ttl": "10" } });
      expect((await api.send("GET", "/v1/kv/a")).headers["kv-ttl"]).toBe("10");
      api.advance(9_001);
      expect((await api.send("GET", "/v1/kv/a")).headers["kv-ttl"]).toBe("1");
      api.advance(999);
      expect((await api.send("GET", "/v1/kv/a")).status).toBe(404);
    });

    test("the default is for writes that bring none", async () => {
      await reopen({ defaultTtlSeconds: 30 });
      await api.send("PUT", "/v1/kv/a", { body: "1" });
      await api.send("PUT", "/v1/kv/b", { body: "1", headers: { "kv-ttl": "5" } });
      expect((await api.send("GET", "/v1/kv/a")).headers["kv-ttl"]).toBe("30");
      expect((await api.send("GET", "/v1/kv/b")).headers["kv-ttl"]).toBe("5");
    });

    test.each(["0", "-1", "1.5", "1e3", "", "ten", "315360001", "01"])("KV-TTL %j is refused", async (ttl) => {
      const answer = await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "kv-ttl": ttl } });
      expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_ttl"]);
      expect(api.store.stats().entries).toBe(0);
    });

    test("ten years are allowed", async () => {
      expect((await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "kv-ttl": "315360000" } })).status).toBe(201);
    });
  });

  describe("conditions", () => {
    test("If-Match: compare and swap", async () => {
      const { headers } = await api.send("PUT", "/v1/kv/a", { body: "1" });
      const seen = String(headers.etag);
      expect((await api.send("PUT", "/v1/kv/a", { body: "2", headers: { "if-match": seen } })).status).toBe(204);
      const stale = await api.send("PUT", "/v1/kv/a", { body: "3", headers: { "if-match": seen } });
      expect([stale.status, codeOf(stale)]).toEqual([412, "precondition_failed"]);
      expect((await api.send("DELETE", "/v1/kv/a", { headers: { "if-match": seen } })).status).toBe(412);
      expect((await api.send("GET", "/v1/kv/a")).body.toString()).toBe("2");
      expect((await api.send("PUT", "/v1/kv/none", { body: "1", headers: { "if-match": "*" } })).status).toBe(412);
    });

    test("If-None-Match *: create only", async () => {
      const headers = { "if-none-match": "*" };
      expect((await api.send("PUT", "/v1/kv/a", { body: "1", headers })).status).toBe(201);
      expect((await api.send("PUT", "/v1/kv/a", { body: "2", headers })).status).toBe(412);
    });

    test("of many writers that saw one version, one wins", async () => {
      const { headers } = await api.send("PUT", "/v1/kv/a", { body: "0" });
      const writes = Array.from({ length: 20 }, (_, i) => api.send("PUT", "/v1/kv/a", { body: String(i), headers: { "if-match": headers.etag } }));
      const statuses = (await Promise.all(writes)).map((a) => a.status);
      expect(statuses.filter((s) => s === 204)).toHaveLength(1);
      expect(statuses.filter((s) => s === 412)).toHaveLength(19);
    });

    test("a conditional GET of what is known answers 304 with the ETag and no body", async () => {
      const { headers } = await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "kv-ttl": "60" } });
      for (const method of ["GET", "HEAD"]) {
        const answer = await api.send(method, "/v1/kv/a", { headers: { "if-none-match": `"other", W/${headers.etag}` } });
        expect(answer).toMatchObject({ status: 304, headers: { etag: headers.etag, "kv-ttl": "60" } });
        expect(answer.body).toHaveLength(0);
      }
      expect((await api.send("GET", "/v1/kv/a", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
      expect((await api.send("GET", "/v1/kv/a", { headers: { "if-match": '"other"' } })).status).toBe(412);
    });

    test("an ETag without quotes is a mistake worth telling", async () => {
      const answer = await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "if-match": "0123" } });
      expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_precondition"]);
    });
  });

  describe("size", () => {
    test("the limit is on bytes read, with and without a declared length", async () => {
      expect((await api.send("PUT", "/v1/kv/a", { body: Buffer.alloc(1000) })).status).toBe(201);
      const declared = await api.send("PUT", "/v1/kv/b", { body: Buffer.alloc(1001) });
      const chunked = await api.send("PUT", "/v1/kv/b", { body: Buffer.alloc(1001), headers: { "transfer-encoding": "chunked" } });
      for (const answer of [declared, chunked]) expect([answer.status, codeOf(answer)]).toEqual([413, "value_too_large"]);
      expect((await api.send("GET", "/v1/kv/b")).status).toBe(404);
      await expect.poll(() => api.series('kv_rejected_writes_total{reason="too_large"}')).toBe(2);
    });

    test("the answer reaches a client that is still sending megabytes", async () => {
      const answer = await api.send("PUT", "/v1/kv/a", { body: Buffer.alloc(4_000_000), headers: { "transfer-encoding": "chunked" } });
      expect(answer.status).toBe(413);
    });

    test("a client that asks before sending is told at once", async () => {
      const { socket, closed } = await api.raw("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
      const text = await closed;
      expect(text).toMatch(/^HTTP\/1\.1 413 /);
      expect(text).not.toContain("100 Continue");
      socket.destroy();
    });

    test("and to go on when its size is fine", async () => {
      const { socket, closed } = await api.raw("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
      await new Promise((resolve) => void socket.once("data", resolve));
      socket.write("abc");
      expect(await closed).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
    });

    const refusing = (outcome: PutOutcome) => (store: Store) => Object.assign(Object.create(store) as Store, { put: () => outcome });

    test("an entry that the whole cache cannot hold is refused", async () => {
      await reopen({ store: refusing(putOutcome.tooLarge) });
      const answer = await api.send("PUT", "/v1/kv/b", { body: Buffer.alloc(200) });
      expect([answer.status, codeOf(answer)]).toEqual([413, "value_too_large"]);
      await expect.poll(() => api.series('kv_rejected_writes_total{reason="too_large"}')).toBe(1);
    });

    test("a full cache that evicts nothing says 507", async () => {
      await reopen({ store: refusing(putOutcome.full) });
      const answer = await api.send("PUT", "/v1/kv/b", { body: "1" });
      expect([answer.status, codeOf(answer)]).toEqual([507, "out_of_memory"]);
      await expect.poll(() => api.series('kv_rejected_writes_total{reason="no_memory"}')).toBe(1);
    });

    test("bodies that arrive together are bounded together", async () => {
      await reopen({ budgetBytes: 1500, maxValueBytes: 1000 });
      const head = "PUT /v1/kv/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n";
      const slow = await api.raw(head + "x".repeat(900));
      await expect.poll(async () => (await api.raw(head + "x".repeat(900))).closed).toContain("503 Service Unavailable");
      slow.socket.write("x".repeat(100));
      expect(await slow.closed).toContain("201 Created");
      expect((await api.send("PUT", "/v1/kv/b", { body: Buffer.alloc(900) })).status).toBeLessThan(300);
    });
  });

  test("a content type that is no header value for an answer is refused", async () => {
    const answer = await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "content-type": "x".repeat(256) } });
    expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_content_type"]);
  });

  test("another method is told which ones there are", async () => {
    for (const method of ["POST", "PATCH", "OPTIONS"]) {
      const answer = await api.send(method, "/v1/kv/a");
      expect([answer.status, answer.headers.allow, codeOf(answer)]).toEqual([405, "GET, HEAD, PUT, DELETE", "method_not_allowed"]);
    }
    const metrics = await api.send("POST", "/metrics");
    expect([metrics.status, metrics.headers.allow]).toEqual([405, "GET, HEAD"]);
  });

  test("another path does not exist", async () => {
    for (const path of ["/", "/v1", "/v1/kvx/a", "/livez"]) {
      const answer = await api.send("GET", path);
      expect([answer.status, answer.headers["content-type"], codeOf(answer)]).toEqual([404, "application/problem+json", "not_found"]);
    }
  });
});
