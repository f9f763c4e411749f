import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putOutcome, type Store } from "../../../responder/store/types.ts";
import { codeOf, openApi, type Api, type Options } from "./harness.ts";

let api: Api;
const reopen = async (options: Options) => {
  await api.close();
  api = await openApi(options);
};
beforeEach(async () => void (api = await openApi()));
afterEach(() => api.close());

const incr = (body?: unknown, headers: Record<string, string> = {}, key = "n") =>
  api.send("POST", `/v1/kv/${key}/incr`, body === undefined ? { headers } : { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });
const valueOf = async (key = "n") => (await api.send("GET", `/v1/kv/${key}`)).body.toString();

const min = -(2n ** 63n);
const max = 2n ** 63n - 1n;

test("a missing counter is 0, and without a body 1 is added", async () => {
  const first = await incr();
  expect([first.status, first.headers["content-type"], first.body.toString()]).toEqual([200, "application/json", '{"value":"1"}\n']);
  expect(JSON.parse((await incr({ by: -5 })).body.toString())).toEqual({ value: "-4" });
  const read = await api.send("GET", "/v1/kv/n");
  expect([read.body.toString(), read.headers["content-type"]]).toEqual(["-4", "application/octet-stream"]);
});

test("the ETag is the one that GET shows", async () => {
  const { headers } = await incr();
  expect((await api.send("GET", "/v1/kv/n")).headers.etag).toBe(headers.etag);
});

test("any sequence of sums is what a BigInt in 64 bits gives, the bounds included", async () => {
  const near = fc.oneof(
    fc.bigInt({ min, max }),
    fc.bigInt({ min: -3n, max: 3n }),
    fc.bigInt({ min: 0n, max: 3n }).map((n) => max - n),
    fc.bigInt({ min: 0n, max: 3n }).map((n) => min + n),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(near, { minLength: 1, maxLength: 8 }), async (sums) => {
      const key = `property${run++}`;
      let model = 0n;
      for (const by of sums) {
        const answer = await incr({ by: by >= -(2n ** 53n) + 1n && by < 2n ** 53n ? Number(by) : String(by) }, {}, key);
        const fits = BigInt.asIntN(64, model + by) === model + by;
        if (fits) model += by;
        if (fits) expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([200, { value: String(model) }]);
        else expect([answer.status, codeOf(answer)]).toEqual([409, "overflow"]);
      }
      const stored = await api.send("GET", `/v1/kv/${key}`);
      expect(stored.status === 404 ? "0" : stored.body.toString()).toBe(String(model));
    }),
    { numRuns: 150 },
  );
});

test.each(["", " 1", "1 ", "+1", "01", "-0", "-", "1.0", "1e3", "0x1", "9223372036854775808", "-9223372036854775809", "99999999999999999999999", "١"])("the value %j is no integer and stays", async (value) => {
  await api.send("PUT", "/v1/kv/n", { body: value });
  const answer = await incr();
  expect([answer.status, codeOf(answer)]).toEqual([409, "not_an_integer"]);
  expect(await valueOf()).toBe(value);
});

test.each([[1.5], ["1.5"], [2 ** 53], ["9223372036854775808"], ["-9223372036854775809"], ["01"], [null], [true], [[]]])("by %j is refused", async (by) => {
  const answer = await incr({ by });
  expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_body"]);
  expect(api.store.stats().entries).toBe(0);
});

describe("time to live", () => {
  const ttl = async () => (await api.send("HEAD", "/v1/kv/n")).headers["kv-ttl"];

  test("ttl is for the counter that is made, so a window ends in time however often it is counted", async () => {
    await incr({ ttl: 60 });
    api.advance(10_000);
    await incr({ ttl: 60 });
    expect(await ttl()).toBe("50");
    api.advance(50_000);
    expect(JSON.parse((await incr({ ttl: 60 })).body.toString())).toEqual({ value: "1" });
  });

  test("a counter that was put keeps its expiry and its content type", async () => {
    await api.send("PUT", "/v1/kv/n", { body: "41", headers: { "kv-ttl": "30", "content-type": "text/plain" } });
    await incr();
    const read = await api.send("GET", "/v1/kv/n");
    expect([read.body.toString(), read.headers["kv-ttl"], read.headers["content-type"]]).toEqual(["42", "30", "text/plain"]);
  });

  test("the cache's default and maximum hold for counters too", async () => {
    await reopen({ defaultTtlSeconds: 30, maxTtlSeconds: 40 });
    await incr();
    expect(await ttl()).toBe("30");
    await incr({ ttl: 100 }, {}, "m");
    expect((await api.send("HEAD", "/v1/kv/m")).headers["kv-ttl"]).toBe("40");
  });
});

test("If-Match and If-None-Match are honoured", async () => {
  const { headers } = await incr(undefined, { "if-none-match": "*" });
  const again = await incr(undefined, { "if-none-match": "*" });
  expect([again.status, codeOf(again)]).toEqual([412, "precondition_failed"]);
  expect((await incr(undefined, { "if-match": String(headers.etag) })).status).toBe(200);
  expect((await incr(undefined, { "if-match": String(headers.etag) })).status).toBe(412);
  expect(codeOf(await incr(undefined, { "if-match": "x" }))).toBe("invalid_precondition");
  expect(await valueOf()).toBe("2");
});

test("many who count at once lose nothing", async () => {
  await Promise.all(Array.from({ length: 50 }, () => incr()));
  expect(await valueOf()).toBe("50");
});

test("a key that has /incr in it is escaped; the path itself takes POST only", async () => {
  await incr(undefined, {}, "a%2Fb");
  expect(await valueOf("a%2Fb")).toBe("1");
  await api.send("PUT", "/v1/kv/incr", { body: "x" });
  expect(await valueOf("incr")).toBe("x");
  const got = await api.send("GET", "/v1/kv/n/incr");
  expect([got.status, got.headers.allow]).toEqual([405, "POST"]);
  for (const path of ["/v1/kv//incr", "/v1/kv/%zz/incr"]) expect(codeOf(await api.send("POST", path))).toBe("invalid_key");
});

test("counted as writes of route incr", async () => {
  await incr();
  await incr(undefined, { "if-none-match": "*" });
  await expect.poll(() => api.series('kv_operations_total{operation="put",result="ok"}')).toBe(1);
  await expect.poll(() => api.series('kv_operations_total{operation="put",result="conflict"}')).toBe(1);
  expect(await api.series('kv_http_requests_total{method="POST",route="incr",code="200"}')).toBe(1);
});

test("a full cache says so", async () => {
  await reopen({ store: (store) => Object.assign(Object.create(store) as Store, { put: () => putOutcome.full }) });
  const answer = await incr();
  expect([answer.status, codeOf(answer)]).toEqual([507, "out_of_memory"]);
});
