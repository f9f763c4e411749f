import { errors } from "../../../responder/http/errors.ts";
import { operations } from "../../../responder/http/operations.ts";
import { openApiDocument } from "../../../responder/http/openapi.ts";
import { noReplication } from "../../../responder/replication/port.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveRef, schemaErrors, type Schema } from "../../support/json-schema.ts";
import { openApi, type Answer, type Api } from "./harness.ts";

interface Media {
  schema?: Schema;
}
interface Described {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: Schema; $ref?: string }[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, { description: string; headers?: Record<string, { schema: Schema }>; content?: Record<string, Media> }>;
}
type Document = Schema & { paths: Record<string, Record<string, Described>> };

let api: Api;
let document: Document;
beforeEach(async () => {
  api = await openApi({ maxValueBytes: 100 });
  document = JSON.parse((await api.send("GET", "/openapi.json")).body.toString()) as Document;
});
afterEach(() => api.close());

const everyOperation = () => Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, described]) => ({ path, method, described })));

describe("the document", () => {
  test("is OpenAPI 3.1 with an id for each operation, and every reference has a target", () => {
    expect(document["openapi"]).toMatch(/^3\.1\.\d+$/);
    expect(document["info"]).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    const ids = everyOperation().map((o) => o.described.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((m) => m[1] ?? "");
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) expect(ref).toMatch(/^#\/components\//);
    for (const ref of refs) resolveRef(document, ref);
    // left over from a schema's own definitions
    expect(JSON.stringify(document)).not.toMatch(/"\$defs"|"\$schema"/);
  });

  test("declares each path parameter, and describes each answer", () => {
    for (const { path, described } of everyOperation()) {
      const parameters = described.parameters.map((p) => (p.$ref ? (resolveRef(document, p.$ref) as unknown as typeof p) : p));
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
      expect(parameters.filter((p) => p.in === "path").map((p) => p.name)).toEqual(inPath);
      for (const p of parameters) expect(p.schema).toBeDefined();
      for (const p of parameters.filter((p) => p.in === "path")) expect(p.required).toBe(true);
      expect(Object.keys(described.responses).filter((s) => s.startsWith("2"))).not.toHaveLength(0);
      for (const [status, { description }] of Object.entries(described.responses)) {
        expect(status).toMatch(/^[1-5]\d\d$/);
        expect(description).not.toBe("");
      }
    }
  });

  test("has every route that answers, and no other", async () => {
    const allowed = new Map<string, string[]>();
    for (const { path, method } of operations) allowed.set(path, [...(allowed.get(path) ?? []), method.toUpperCase()]);
    for (const [path, methods] of allowed) {
      const { status, headers } = await api.send("PATCH", path.replace("{key}", "a"));
      expect(status).toBe(405);
      // HEAD of a page comes with its GET
      const told = String(headers.allow).split(", ").filter((m) => m !== "HEAD" || methods.includes("HEAD"));
      expect(told.toSorted()).toEqual(methods.toSorted());
    }
  });

  test("is made the same each time", () => {
    expect(JSON.parse(JSON.stringify(openApiDocument()))).toEqual(document);
  });
});

/** Sends a request and holds the answer to what the document says of it. */
const ask = async (method: string, path: string, template: string, request: { body?: string; headers?: Record<string, string> } = {}): Promise<Answer> => {
  const answer = await api.send(method, path, request);
  const described = document.paths[template]?.[method.toLowerCase()];
  const response = described?.responses[String(answer.status)];
  expect(response, `${method} ${template} does not describe ${answer.status}`).toBeDefined();
  const contents = response?.content ?? {};
  const type = String(answer.headers["content-type"] ?? "").split(";")[0] ?? "";
  if (answer.body.length > 0) expect(Object.keys(contents).some((t) => t === "*/*" || t === type), `${type} of ${method} ${template} ${answer.status}`).toBe(true);
  const schema = contents[type]?.schema;
  if (schema && type.endsWith("json")) expect(schemaErrors(schema, JSON.parse(answer.body.toString()), document)).toEqual([]);
  for (const [name, { schema }] of Object.entries(response?.headers ?? {})) {
    const text = answer.headers[name.toLowerCase()];
    if (text !== undefined) expect(schemaErrors(schema, schema["type"] === "integer" ? Number(text) : text, document)).toEqual([]);
  }
  return answer;
};

describe("what comes over the wire is what the document says", () => {
  const entry = "/v1/kv/{key}";
  const json = { "content-type": "application/json" };

  test("entries", async () => {
    await ask("PUT", "/v1/kv/a", entry, { body: "1", headers: { "kv-ttl": "60", "content-type": "text/plain" } });
    const { headers } = await ask("PUT", "/v1/kv/a", entry, { body: "2", headers: { "kv-ttl": "60" } });
    for (const method of ["GET", "HEAD"]) {
      expect((await ask(method, "/v1/kv/a", entry)).status).toBe(200);
      expect((await ask(method, "/v1/kv/a", entry, { headers: { "if-none-match": String(headers.etag) } })).status).toBe(304);
      expect((await ask(method, "/v1/kv/none", entry)).status).toBe(404);
      expect((await ask(method, "/v1/kv/a", entry, { headers: { "if-match": '"x"' } })).status).toBe(412);
      expect((await ask(method, "/v1/kv/a", entry, { headers: { "if-match": "x" } })).status).toBe(400);
      expect((await ask(method, "/v1/kv/%zz", entry)).status).toBe(400);
    }
    for (const bad of [{ "kv-ttl": "x" }, { "content-type": "x".repeat(256) }, { "if-match": "x" }]) expect((await ask("PUT", "/v1/kv/a", entry, { body: "1", headers: bad })).status).toBe(400);
    expect((await ask("PUT", "/v1/kv/a", entry, { body: "x".repeat(101) })).status).toBe(413);
    expect((await ask("PUT", "/v1/kv/a", entry, { body: "1", headers: { "if-none-match": "*" } })).status).toBe(412);
    expect((await ask("DELETE", "/v1/kv/a", entry, { headers: { "if-match": '"x"' } })).status).toBe(412);
    expect((await ask("DELETE", "/v1/kv/a", entry)).status).toBe(204);
    expect((await ask("DELETE", "/v1/kv/a", entry)).status).toBe(404);
  });

  test("counters", async () => {
    const incr = "/v1/kv/{key}/incr";
    expect((await ask("POST", "/v1/kv/n/incr", incr)).status).toBe(200);
    expect((await ask("POST", "/v1/kv/n/incr", incr, { body: '{"by":"-9223372036854775808"}', headers: json })).status).toBe(200);
    expect((await ask("POST", "/v1/kv/n/incr", incr, { body: '{"by":-1}', headers: json })).status).toBe(200);
    expect((await ask("POST", "/v1/kv/n/incr", incr, { body: '{"by":-1}', headers: json })).status).toBe(409);
    await api.send("PUT", "/v1/kv/n", { body: "x" });
    expect((await ask("POST", "/v1/kv/n/incr", incr)).status).toBe(409);
    expect((await ask("POST", "/v1/kv/n/incr", incr, { headers: { "if-match": '"x"' } })).status).toBe(412);
    expect((await ask("POST", "/v1/kv/n/incr", incr, { body: "{" })).status).toBe(415);
    expect((await ask("POST", "/v1/kv/n/incr", incr, { body: "{", headers: json })).status).toBe(400);
    expect((await ask("POST", "/v1/kv/n/incr", incr, { body: " ".repeat(2000), headers: json })).status).toBe(400);
  });

  test("lists", async () => {
    for (const key of ["a", "b", "%ff"]) await api.send("PUT", `/v1/kv/${key}`, { body: key, headers: { "kv-ttl": "5" } });
    expect((await ask("GET", "/v1/kv?limit=2", "/v1/kv")).status).toBe(200);
    expect((await ask("GET", "/v1/kv", "/v1/kv")).status).toBe(200);
    for (const query of ["limit=0", "cursor=x", "prefix=%", "x=1"]) expect((await ask("GET", `/v1/kv?${query}`, "/v1/kv")).status).toBe(400);
    expect((await ask("DELETE", "/v1/kv", "/v1/kv")).status).toBe(400);
    expect((await ask("DELETE", "/v1/kv?prefix=&limit=1", "/v1/kv")).status).toBe(400);
    expect((await ask("DELETE", "/v1/kv?prefix=", "/v1/kv")).status).toBe(200);
  });

  test("batches, whose bodies the document describes too", async () => {
    const batch = async (operations: unknown) => {
      const schema = document.paths["/v1/batch"]?.["post"]?.requestBody?.content["application/json"]?.schema ?? {};
      const described = schemaErrors(schema, { operations }, document).length === 0;
      const answer = await ask("POST", "/v1/batch", "/v1/batch", { body: JSON.stringify({ operations }), headers: json });
      return { described, status: answer.status };
    };
    const put = { op: "put", key: "a", value: "1", ttl: 5, contentType: "text/plain" };
    expect(await batch([put, { op: "get", key: "a" }, { op: "get", key: "a", ifNoneMatch: "*" }, { op: "get", key: "b" }, { op: "delete", key: "a", ifMatch: "*" }, { ...put, value: "x".repeat(101) }, { ...put, ifMatch: "*" }])).toEqual({ described: true, status: 200 });
    for (const bad of [[], [{ op: "x", key: "a" }], [{ ...put, ttl: 0 }], [{ ...put, extra: 1 }], [{ op: "get" }], [{ ...put, contentType: "\n" }]]) {
      expect(await batch(bad)).toEqual({ described: false, status: 400 });
    }
    expect((await ask("POST", "/v1/batch", "/v1/batch", { body: "{}", headers: { "content-type": "text/plain" } })).status).toBe(415);
    expect((await ask("POST", "/v1/batch", "/v1/batch", { body: " ".repeat(2 ** 20 + 1), headers: json })).status).toBe(413);
  });

  test("waiting for peers, met and in vain", async () => {
    const write = (method: string, path: string, template: string, request: { body?: string; headers?: Record<string, string> } = {}) =>
      ask(method, path, template, { ...request, headers: { ...request.headers, "kv-ack": "all" } });
    const writeAll = async () => [
      await write("PUT", "/v1/kv/a", entry, { body: "1" }),
      await write("PUT", "/v1/kv/a", entry, { body: "1" }),
      await write("POST", "/v1/kv/a/incr", "/v1/kv/{key}/incr"),
      await write("DELETE", "/v1/kv/a", entry),
      await write("POST", "/v1/batch", "/v1/batch", { body: '{"operations":[{"op":"put","key":"a","value":"1"}]}', headers: json }),
      await write("DELETE", "/v1/kv?prefix=", "/v1/kv"),
    ];
    expect((await writeAll()).map(({ status, headers }) => [status, headers["kv-acked"]])).toEqual([201, 204, 200, 204, 200, 200].map((status) => [status, "0/0"]));
    expect((await ask("PUT", "/v1/kv/a", entry, { body: "1", headers: { "kv-ack": "x" } })).status).toBe(400);
    for (const method of ["GET", "HEAD"]) {
      expect((await ask(method, "/v1/kv/none", entry, { headers: { "kv-min-version": "x" } })).status).toBe(400);
      expect((await ask(method, "/v1/kv/none", entry, { headers: { "kv-min-version": "f".repeat(24) } })).status).toBe(504);
    }
    await api.close();
    api = await openApi({ replication: () => ({ ...noReplication, peers: () => 1, wait: (_position, _wanted, _timeoutMs, done) => (done({ acknowledged: 0, of: 1, met: false }), () => {}) }) });
    expect((await writeAll()).map(({ status, headers }) => [status, headers["kv-acked"]])).toEqual(Array.from({ length: 6 }, () => [504, "0/1"]));
  });

  test("pages", async () => {
    expect((await ask("GET", "/openapi.json", "/openapi.json")).status).toBe(200);
    expect((await ask("GET", "/metrics", "/metrics")).status).toBe(200);
  });
});

test("every code of the table stands in the document's problem", () => {
  expect(resolveRef(document, "#/components/schemas/Problem")["properties"]).toMatchObject({ code: { enum: Object.keys(errors) } });
});
