import fc from "fast-check";
import { isUtf8 } from "node:buffer";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { maxAnswerBytes } from "../../../responder/http/batch.ts";
import { maxBatchBytes } from "../../../responder/http/routes/batch.ts";
import { maxOperations, type BatchResult } from "../../../responder/http/schema/batch.ts";
import { codeOf, openApi, type Answer, type Api, type Options } from "./harness.ts";

let api: Api;
const reopen = async (options: Options) => {
  await api.close();
  api = await openApi(options);
};
beforeEach(async () => void (api = await openApi()));
afterEach(() => api.close());

const post = (body: string | Buffer, headers: Record<string, string> = { "content-type": "application/json" }) => api.send("POST", "/v1/batch", { body, headers });
const send = (operations: unknown) => post(JSON.stringify({ operations }));
const results = async (operations: unknown) => (JSON.parse((await send(operations)).body.toString()) as { results: BatchResult[] }).results;
const refused = async (answer: Promise<Answer>) => {
  const { status, body } = await answer;
  const { code, detail } = JSON.parse(body.toString()) as { code: string; detail?: string };
  return [status, code, detail];
};

test("each operation has its result, in order, and sees what those before it did", async () => {
  const found = await results([
    { op: "put", key: "k", value: "v", ttl: 5, contentType: "text/plain" },
    { op: "get", key: "k" },
    { op: "put", key: "k", value: "w" },
    { op: "delete", key: "k" },
    { op: "delete", key: "k" },
    { op: "get", key: "k" },
  ]);
  const version = expect.stringMatching(/^[0-9a-f]{24}$/);
  expect(found).toEqual([
    { status: 201, version },
    { status: 200, version: found[0]?.version, ttl: 5, value: "v", encoding: "utf8", contentType: "text/plain" },
    { status: 204, version },
    { status: 204 },
    { status: 404, code: "key_not_found" },
    { status: 404, code: "key_not_found" },
  ]);
});

test("conditions are those of the headers; a version may come as it is", async () => {
  const [created] = await results([{ op: "put", key: "k", value: "1", ifNoneMatch: "*" }]);
  const seen = created?.version;
  const found = await results([
    { op: "put", key: "k", value: "2", ifNoneMatch: "*" },
    { op: "get", key: "k", ifNoneMatch: seen },
    { op: "get", key: "k", ifMatch: `W/"${seen}"` },
    { op: "put", key: "k", value: "2", ifMatch: `"x", "${seen}"` },
    { op: "delete", key: "k", ifMatch: seen },
    { op: "delete", key: "none", ifMatch: "*" },
  ]);
  expect(found.map((r) => r.status)).toEqual([412, 304, 412, 204, 412, 412]);
  expect(found[1]).toEqual({ status: 304, version: seen });
});

test("bytes that are no text travel as base64, in keys and in values", async () => {
  const found = await results([
    { op: "put", key: "/w==", keyEncoding: "base64", value: "/gA=", encoding: "base64" },
    { op: "get", key: "/w==", keyEncoding: "base64" },
  ]);
  expect(found[1]).toMatchObject({ value: "/gA=", encoding: "base64" });
  expect((await api.send("GET", "/v1/kv/%ff")).body).toEqual(Buffer.from([0xfe, 0]));
});

test("a value over the limit is one operation's problem", async () => {
  const found = await results([
    { op: "put", key: "a", value: "x".repeat(1001) },
    { op: "put", key: "b", value: "x".repeat(1000) },
  ]);
  expect(found).toEqual([{ status: 413, code: "value_too_large" }, { status: 201, version: expect.any(String) }]);
});

/** Undoes the percent-encoding that the request for one entry needs. */
const segment = (key: Buffer) => [...key].map((b) => `%${b.toString(16).padStart(2, "0")}`).join("");
const asText = (bytes: Buffer) => (isUtf8(bytes) ? { text: bytes.toString(), encoding: "utf8" } : { text: bytes.toString("base64"), encoding: "base64" });

test("a random batch comes to what the same requests come to one by one", async () => {
  const key = fc.constantFrom(Buffer.from("a"), Buffer.from("b"), Buffer.from("caf\u00e9"), Buffer.from([0xff, 0]), Buffer.from("__proto__"));
  const value = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.constant(Uint8Array.from({ length: 1001 }))).map((v) => Buffer.from(v));
  const condition = fc.option(fc.constantFrom({ ifMatch: "*" }, { ifNoneMatch: "*" }, { ifMatch: '"x"' }, { ifMatch: "seen" }, { ifNoneMatch: "seen" }), { nil: undefined });
  const operation = fc.record({ op: fc.constantFrom("get", "put", "delete"), key, value, condition, ttl: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }), contentType: fc.option(fc.constant("text/plain"), { nil: undefined }) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(operation, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 }), async (batches) => {
      const [single, many] = await Promise.all([openApi(), openApi()]);
      try {
        for (const batch of batches) {
          const one: unknown[] = [];
          const operations: unknown[] = [];
          for (const { op, key, value, condition = {}, ttl, contentType } of batch) {
            // both stores draw the same versions as long as they do the same
            const seen = (await single.send("HEAD", `/v1/kv/${segment(key)}`)).headers.etag ?? '"none"';
            const [[name, given] = [undefined, undefined]] = Object.entries(condition);
            const etag = given === "seen" ? seen : given === undefined ? undefined : String(given);
            const isPut = op === "put";
            const k = asText(key);
            const v = asText(value);
            operations.push({ op, key: k.text, keyEncoding: k.encoding, ...(isPut ? { value: v.text, encoding: v.encoding, ttl, contentType } : {}), ...(name ? { [name]: etag } : {}) });
            const headers: Record<string, string> = name && etag ? { [name === "ifMatch" ? "if-match" : "if-none-match"]: etag } : {};
            if (isPut && ttl) headers["kv-ttl"] = String(ttl);
            if (isPut && contentType) headers["content-type"] = contentType;
            const answer = await single.send(op.toUpperCase(), `/v1/kv/${segment(key)}`, isPut ? { headers, body: value } : { headers });
            const read = op === "get" && answer.status === 200;
            one.push({
              status: answer.status,
              ...(answer.status >= 400 ? { code: codeOf(answer) } : {}),
              ...(answer.headers.etag ? { version: answer.headers.etag.slice(1, -1) } : {}),
              ...(answer.headers["kv-ttl"] ? { ttl: Number(answer.headers["kv-ttl"]) } : {}),
              ...(read ? { value: asText(answer.body).text, encoding: asText(answer.body).encoding, contentType: answer.headers["content-type"] } : {}),
            });
          }
          const answer = await many.send("POST", "/v1/batch", { body: JSON.stringify({ operations }), headers: { "content-type": "application/json" } });
          expect(JSON.parse(answer.body.toString())).toEqual({ results: one });
          for (const a of [single, many]) a.advance(30_000);
        }
        const counted = async (a: Api) => (await a.render()).split("\n").filter((l) => /^kv_(operations|rejected_writes)_total\{(operation="(put|delete)"|reason)/.test(l));
        await expect.poll(async () => (await counted(many)).join()).toBe((await counted(single)).join());
      } finally {
        await Promise.all([single.close(), many.close()]);
      }
    }),
    { numRuns: 60 },
  );
}, 30_000);

describe("a batch with a mistake is refused whole", () => {
  const good = { op: "put", key: "good", value: "1" };
  test.each([
    [[], "operations must have 1 to 1000 operations"],
    [Array.from({ length: maxOperations + 1 }, () => good), "operations must have 1 to 1000 operations"],
    ["x", "operations must be a list"],
    [[good, 7], "operations[1] must be of type object"],
    [[good, { op: "incr", key: "a" }], "operations[1].op must be get, put or delete"],
    [[good, { op: "get" }], "operations[1].key is missing"],
    [[good, { op: "get", key: "" }], "operations[1].key must have 1 to 512 bytes"],
    [[good, { op: "get", key: "\u00e9".repeat(257) }], "operations[1].key must have 1 to 512 bytes"],
    [[good, { op: "get", key: "\ud800" }], "operations[1].key is not utf8"],
    [[good, { op: "get", key: "_w==", keyEncoding: "base64" }], "operations[1].key is not base64"],
    [[good, { op: "get", key: "a", keyEncoding: "hex" }], "operations[1].keyEncoding must be one of utf8, base64"],
    [[good, { op: "get", key: "a", ifMatch: "zzz" }], "operations[1].ifMatch or ifNoneMatch is neither * nor a version nor a list of ETags"],
    [[good, { op: "get", key: "a", value: "secret" }], "operations[1] has a field that this API does not know"],
    [[good, { op: "put", key: "a" }], "operations[1].value is missing"],
    [[good, { op: "put", key: "a", value: "a", encoding: "base64" }], "operations[1].value is not base64"],
    [[good, { op: "put", key: "a", value: "\udc00" }], "operations[1].value is not utf8"],
    [[good, { op: "put", key: "a", value: "", ttl: 0 }], "operations[1].ttl must be a whole number of seconds, 1 to 315360000"],
    [[good, { op: "put", key: "a", value: "", ttl: "5" }], "operations[1].ttl must be a whole number of seconds, 1 to 315360000"],
    [[good, { op: "put", key: "a", value: "", contentType: "a\nb" }], "operations[1].contentType must be 1 to 255 printable ASCII characters"],
  ])("%#: %j", async (operations, detail) => {
    expect(await refused(send(operations))).toEqual([400, "invalid_body", detail]);
    expect(api.store.stats().entries).toBe(0);
  });

  test("what is no JSON, no UTF-8 or no object", async () => {
    for (const body of ["{", "", Buffer.from('{"operations":[{"op":"get","key":"\xff"}]}', "latin1")]) {
      expect(await refused(post(body))).toEqual([400, "invalid_body", "the body is not JSON in UTF-8"]);
    }
    expect(await refused(post("[]"))).toEqual([400, "invalid_body", "the body must be of type object"]);
    expect(await refused(post('{"operations":[{"op":"get","key":"a"}],"__proto__":{}}'))).toEqual([400, "invalid_body", "the body has a field that this API does not know"]);
  });
});

test.each(["text/plain", "application/jsonx", "application/x-www-form-urlencoded", "", undefined])("a body of type %j is not read as JSON", async (type) => {
  const body = JSON.stringify({ operations: [{ op: "put", key: "a", value: "1" }] });
  expect(codeOf(await post(body, type === undefined ? {} : { "content-type": type }))).toBe("unsupported_media_type");
  expect(api.store.stats().entries).toBe(0);
});

test("JSON may name its charset", async () => {
  expect((await post('{"operations":[{"op":"get","key":"a"}]}', { "content-type": "Application/JSON; charset=utf-8" })).status).toBe(200);
});

test("a thousand operations are one batch; its bytes are bounded, coming and going", async () => {
  await reopen({ maxValueBytes: 2 ** 20, budgetBytes: 2 ** 22 });
  const found = await results(Array.from({ length: maxOperations }, (_, i) => ({ op: "put", key: `k${i}`, value: "x" })));
  expect(found.every((r) => r.status === 201)).toBe(true);
  expect(codeOf(await post(Buffer.alloc(maxBatchBytes + 1, " ")))).toBe("batch_too_large");

  await api.send("PUT", "/v1/kv/large", { body: Buffer.alloc(2 ** 18, "x") });
  const gets = await results(Array.from({ length: 6 }, () => ({ op: "get", key: "large" })));
  expect(gets.map((r) => r.code ?? r.status)).toEqual([200, 200, 200, 200, "batch_full", "batch_full"]);
  expect(gets.reduce((sum, r) => sum + (r.value?.length ?? 0), 0)).toBe(maxAnswerBytes);
});

test("another method is told so", async () => {
  const answer = await api.send("GET", "/v1/batch");
  expect([answer.status, answer.headers.allow]).toEqual([405, "POST"]);
});

test("nothing of a batch is in the log, even when it fails", async () => {
  await reopen({ store: (store) => Object.assign(Object.create(store) as typeof store, { find: () => { throw new Error("broken"); } }) });
  expect((await send([{ op: "get", key: "tell-nobody" }])).status).toBe(500);
  await expect.poll(() => api.lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(api.lines)).not.toContain("tell-nobody");
});
