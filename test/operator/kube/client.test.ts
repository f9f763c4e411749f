import { copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createClient } from "../../../operator/kube/client.ts";
import type { ApiError } from "../../../operator/kube/errors.ts";
import type { RequestReport } from "../../../operator/kube/client.ts";
import type { KubeClient, WatchEvent } from "../../../operator/kube/types.ts";
import type { Kind } from "../../../operator/kinds.ts";
import { answer, startFakeApi, type FakeApi, type Handler } from "./fake-api.ts";

const configMaps: Kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" };
const deployments: Kind = { group: "apps", version: "v1", kind: "Deployment", plural: "deployments" };
const a = { namespace: "n", name: "a" };
const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "n" }, unknownToAnyModel: { x: 1 } };
const statusOf = (code: number, reason: string, more: object = {}) => ({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `${reason} it is`, ...more });

let keys: FakeApi;
let api: FakeApi;
let clients: KubeClient[];

beforeAll(async () => {
  keys = await startFakeApi();
});
afterAll(() => keys[Symbol.asyncDispose]());
beforeEach(async () => {
  api = await startFakeApi(keys.pki);
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((c) => c.close()));
  await api[Symbol.asyncDispose]();
});

const connect = async (options: Parameters<typeof createClient>[0] & { user?: object; cluster?: object } = {}): Promise<KubeClient> => {
  const { user, cluster, ...rest } = options;
  const client = createClient({ kubeconfig: await api.kubeconfig(user, cluster), ...rest });
  clients.push(client);
  return client;
};

const failureOf = async (call: Promise<unknown>): Promise<ApiError> => {
  try {
    await call;
  } catch (error) {
    return error as ApiError;
  }
  throw new Error("the call did not fail");
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe("requests on the wire", () => {
  test("paths, queries and bodies of every verb", async () => {
    const client = await connect({ userAgent: "ua/1" });
    api.handler = (_, r) => answer(r, 200, object);
    await client.get(configMaps, a);
    await client.get(deployments, { name: "wide" });
    await client.list(deployments, { namespace: "n", labelSelector: "a=b,c", limit: 5, continue: "tok=", resourceVersion: "0", resourceVersionMatch: "NotOlderThan" });
    await client.apply(configMaps, object, { fieldManager: "m", force: true });
    await client.apply(deployments, { ...object, metadata: { ...object.metadata, uid: "u" } }, { fieldManager: "m", force: false, subresource: "status" });
    await client.mergePatch(configMaps, a, { status: {} }, { subresource: "status" });
    await client.create(configMaps, object);
    await client.create(configMaps, object, { dryRun: true });
    await client.delete(configMaps, a, { uid: "u", resourceVersion: "7", propagationPolicy: "Foreground" });
    await client.discover("v1");
    await client.discover("apps/v1");
    const shown = api.seen.map((s) => `${s.method} ${s.path}${s.query.size > 0 ? `?${s.query.toString()}` : ""} ${s.headers["content-type"] ?? ""}`.trim());
    expect(shown).toEqual([
      "GET /api/v1/namespaces/n/configmaps/a",
      "GET /apis/apps/v1/deployments/wide",
      "GET /apis/apps/v1/namespaces/n/deployments?labelSelector=a%3Db%2Cc&limit=5&continue=tok%3D&resourceVersion=0&resourceVersionMatch=NotOlderThan",
      "PATCH /api/v1/namespaces/n/configmaps/a?fieldManager=m&force=true&fieldValidation=Strict application/apply-patch+yaml",
      "PATCH /apis/apps/v1/namespaces/n/deployments/a/status?fieldManager=m&force=false&fieldValidation=Strict application/apply-patch+yaml",
      "PATCH /api/v1/namespaces/n/configmaps/a/status?fieldValidation=Strict application/merge-patch+json",
      "POST /api/v1/namespaces/n/configmaps?fieldValidation=Strict application/json",
      "POST /api/v1/namespaces/n/configmaps?fieldValidation=Strict&dryRun=All application/json",
      "DELETE /api/v1/namespaces/n/configmaps/a application/json",
      "GET /api/v1",
      "GET /apis/apps/v1",
    ]);
    expect(JSON.parse(api.seen[3]?.body ?? "")).toEqual(object);
    expect(JSON.parse(api.seen[8]?.body ?? "")).toEqual({ apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: "u", resourceVersion: "7" }, propagationPolicy: "Foreground" });
    for (const s of api.seen) expect(s.headers).toMatchObject({ authorization: "Bearer t0ken", accept: "application/json", "user-agent": "ua/1" });
  });

  test("fields that nobody here knows come through, list items get their kind", async () => {
    const client = await connect();
    api.handler = (_, r) => answer(r, 200, object);
    expect(await client.get(configMaps, a)).toEqual(object);
    api.handler = (_, r) => answer(r, 200, { metadata: { resourceVersion: "9", continue: "" }, items: [{ metadata: { name: "x" }, odd: 1 }] });
    expect(await client.list(deployments)).toEqual({ items: [{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "x" }, odd: 1 }], resourceVersion: "9" });
    api.handler = (_, r) => answer(r, 200, { metadata: { resourceVersion: "9", continue: "more" }, items: null });
    expect(await client.list(deployments)).toEqual({ items: [], resourceVersion: "9", continue: "more" });
  });

  test("apply tells a creation from an update", async () => {
    const client = await connect();
    api.handler = (_, r) => answer(r, 201, object);
    expect((await client.apply(configMaps, object, { fieldManager: "m", force: false })).created).toBe(true);
    api.handler = (_, r) => answer(r, 200, object);
    expect((await client.apply(configMaps, object, { fieldManager: "m", force: false })).created).toBe(false);
  });

  test("discovery lists plurals without subresources", async () => {
    const client = await connect();
    api.handler = (_, r) => answer(r, 200, { resources: [{ name: "pods" }, { name: "pods/log" }] });
    expect(await client.discover("v1")).toEqual(new Set(["pods"]));
    api.handler = (_, r) => answer(r, 404, "404 page not found\n");
    expect(await client.discover("nope/v1")).toBeUndefined();
  });

  test("a path in the server's address goes before every path", async () => {
    const client = await connect({ cluster: { server: `${api.url}/k8s/clusters/c-1/` } });
    await client.get(configMaps, a);
    expect(api.seen[0]?.path).toBe("/k8s/clusters/c-1/api/v1/namespaces/n/configmaps/a");
  });
});

describe("connections", () => {
  test("300 calls share a few", async () => {
    const client = await connect({ connections: 4 });
    for (let i = 0; i < 200; i++) await client.get(configMaps, a);
    // undici frees a connection one turn after the body has been read, so calls in a row alternate between two
    expect(api.connections.accepted).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 100 }, () => client.get(configMaps, a)));
    expect(api.connections.accepted).toBeLessThanOrEqual(4);
  });

  test("watches take none of those", async () => {
    const client = await connect({ connections: 1 });
    const open: Handler = (_, r) => r.writeHead(200).flushHeaders();
    api.handler = (s, r) => (s.query.has("watch") ? open(s, r) : answer(r, 200, object));
    for (let i = 0; i < 3; i++) await client.watch(configMaps, { resourceVersion: "1", timeoutSeconds: 60 });
    expect(await client.get(configMaps, a)).toEqual(object);
    expect(api.connections.accepted).toBe(4);
  });

  test("a client certificate is presented; a replaced one opens new connections, calls under way end on the old ones", async () => {
    const [first, second] = await Promise.all(["one", "two"].map((name) => api.pki.issue({ name, commonName: name })));
    const [cert, key] = [join(api.dir, "client.crt"), join(api.dir, "client.key")];
    const install = async (credentials: typeof first): Promise<void> => {
      await copyFile(credentials?.certFile ?? "", cert);
      await copyFile(credentials?.keyFile ?? "", key);
    };
    await install(first);
    const client = await connect({ user: { "client-certificate": cert, "client-key": key } });
    let finish: () => void = () => {};
    api.handler = (_, r) => void (finish = () => answer(r, 200, object));
    const slow = client.get(configMaps, a);
    await until(() => api.seen.length === 1);
    api.handler = (_, r) => answer(r, 200, object);
    await install(second);
    await client.get(configMaps, a);
    await client.get(configMaps, a);
    expect(api.seen.map((s) => s.client)).toEqual(["one", "two", "two"]);
    const before = api.connections.open.size;
    finish();
    expect(await slow).toEqual(object);
    // the old connection goes with its last call
    await until(() => api.connections.open.size === before - 1);
  });

  test("an untrusted server is refused", async () => {
    const foreign = await startFakeApi();
    const client = await connect({ cluster: { "certificate-authority": foreign.pki.caFile } });
    expect(await failureOf(client.get(configMaps, a))).toMatchObject({ kind: "network", status: 0 });
    expect(api.seen).toHaveLength(0);
    await foreign[Symbol.asyncDispose]();
  });

  test("close aborts what is under way and leaves no connection", async () => {
    const client = await connect();
    api.handler = (s, r) => (s.query.has("watch") ? r.writeHead(200).flushHeaders() : undefined);
    const hung = failureOf(client.get(configMaps, a));
    const watch = await client.watch(configMaps, { resourceVersion: "1", timeoutSeconds: 60 });
    const ended = failureOf(watch[Symbol.asyncIterator]().next());
    await client.close();
    expect([(await hung).kind, (await ended).kind]).toEqual(["aborted", "aborted"]);
    await until(() => api.connections.open.size === 0);
    expect((await failureOf(client.get(configMaps, a))).kind).toBe("aborted");
  });
});

describe("credentials", () => {
  test("a token file is named relative to the kubeconfig", async () => {
    await writeFile(join(api.dir, "token"), "from-a-file\n");
    const client = await connect({ user: { tokenFile: "token" } });
    await client.get(configMaps, a);
    expect(api.seen[0]?.headers.authorization).toBe("Bearer from-a-file");
  });

  test("that cannot be read are an error that names no path and no content", async () => {
    await writeFile(join(api.dir, "token"), "x");
    const client = await connect({ user: { tokenFile: "token" } });
    await rm(join(api.dir, "token"));
    const error = await failureOf(client.get(configMaps, a));
    expect(error).toMatchObject({ kind: "credentials", reason: "ENOENT", message: "get v1/namespaces/n/configmaps/a: credentials of the kubeconfig could not be read (ENOENT)" });
  });

  test("what a credential plugin prints is told to nobody", async () => {
    const client = await connect({ user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", "echo hunter2 >&2; exit 1"] } } });
    const error = await failureOf(client.get(configMaps, a));
    expect(error.kind).toBe("credentials");
    expect(JSON.stringify(error) + error.message + String(error.cause)).not.toContain("hunter2");
  });

  test("basic authentication", async () => {
    const client = await connect({ user: { username: "u", password: "p" } });
    await client.get(configMaps, a);
    expect(api.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from("u:p").toString("base64")}`);
  });

  test("plain http is refused with advice, and so is a kubeconfig without a context", async () => {
    const plain = await api.kubeconfig({}, { server: "http://127.0.0.1:1" });
    expect(() => createClient({ kubeconfig: plain })).toThrow("pass --kubeconfig, set KUBECONFIG, or run in a pod");
    const empty = join(api.dir, "empty");
    await writeFile(empty, "apiVersion: v1\nkind: Config\n");
    expect(() => createClient({ kubeconfig: empty })).toThrow("set current-context");
  });
});

describe("failures", () => {
  test("an object that is not there is undefined, a kind that is not served is an error, a delete of nothing is false", async () => {
    const client = await connect();
    api.handler = (_, r) => answer(r, 404, statusOf(404, "NotFound", { details: { name: "a", kind: "configmaps" } }));
    expect(await client.get(configMaps, a)).toBeUndefined();
    expect(await client.delete(configMaps, a)).toBe(false);
    api.handler = (_, r) => answer(r, 404, "404 page not found\n", { "content-type": "text/plain" });
    expect((await failureOf(client.get(configMaps, a))).kind).toBe("missingKind");
    expect((await failureOf(client.list(configMaps))).kind).toBe("missingKind");
  });

  test("429 carries its Retry-After and is not tried again here", async () => {
    const client = await connect();
    api.handler = (_, r) => answer(r, 429, statusOf(429, "TooManyRequests"), { "retry-after": "7" });
    expect(await failureOf(client.get(configMaps, a))).toMatchObject({ kind: "throttled", status: 429, retryAfterMs: 7_000 });
    expect(api.seen).toHaveLength(1);
  });

  test("a call that gets no answer, or half of one, ends at its bound", async () => {
    const client = await connect({ timeoutMs: 60 });
    api.handler = () => {};
    expect(await failureOf(client.get(configMaps, a))).toMatchObject({ kind: "timeout", detail: "no answer within 60 ms" });
    api.handler = (_, r) => void r.writeHead(200).write('{"meta');
    expect(await failureOf(client.get(configMaps, a))).toMatchObject({ kind: "timeout" });
    expect(await failureOf(client.get(configMaps, a, { timeoutMs: 20 }))).toMatchObject({ detail: "no answer within 20 ms" });
  });

  test("a caller's signal ends the call", async () => {
    const client = await connect();
    api.handler = () => {};
    const stop = new AbortController();
    const call = failureOf(client.get(configMaps, a, { signal: stop.signal }));
    await until(() => api.seen.length === 1);
    stop.abort();
    expect((await call).kind).toBe("aborted");
    expect((await failureOf(client.get(configMaps, a, { signal: stop.signal }))).kind).toBe("aborted");
    expect(api.seen).toHaveLength(1);
  });

  test("a reset and a refusal are network failures with their code", async () => {
    const client = await connect();
    api.handler = (_, r) => r.socket?.destroy();
    expect(await failureOf(client.get(configMaps, a))).toMatchObject({ kind: "network", status: 0 });
    const nobody = createClient({ kubeconfig: await api.kubeconfig({}, { server: "https://127.0.0.1:1" }) });
    expect(await failureOf(nobody.get(configMaps, a))).toMatchObject({ kind: "network", reason: "ECONNREFUSED" });
    await nobody.close();
  });

  test("an answer that is no JSON is an error, not an object", async () => {
    const client = await connect();
    api.handler = (_, r) => answer(r, 200, "<html>login</html>");
    expect(await failureOf(client.get(configMaps, a))).toMatchObject({ kind: "unknown", detail: "the answer is not JSON" });
  });

  test("neither the token nor a long body gets into a message", async () => {
    const client = await connect();
    api.handler = (_, r) => answer(r, 500, statusOf(500, "InternalError", { message: `it said: Authorization: Bearer t0ken\n${"x".repeat(5_000)}` }));
    const error = await failureOf(client.get(configMaps, a));
    expect(error.message).not.toContain("t0ken");
    expect(error.detail.length).toBeLessThanOrEqual(300);
    expect(error.message).not.toContain("\n");
  });

  test("every call is reported once, with its status or 0", async () => {
    const reports: RequestReport[] = [];
    const client = await connect({ onRequest: (r) => reports.push(r), timeoutMs: 50 });
    await client.get(configMaps, a);
    api.handler = (_, r) => answer(r, 409, statusOf(409, "Conflict"));
    await failureOf(client.apply(configMaps, object, { fieldManager: "m", force: false }));
    api.handler = () => {};
    await failureOf(client.delete(configMaps, a));
    await failureOf(client.list(configMaps, { namespace: "n", labelSelector: "a=b" }));
    const one = `/api/v1/namespaces/${a.namespace}/configmaps/${a.name}`;
    expect(reports.map((r) => [r.verb, r.method, r.path, r.code, r.failure])).toEqual([
      ["get", "GET", one, 200, undefined],
      ["apply", "PATCH", one, 409, "conflict"],
      ["delete", "DELETE", one, 0, "timeout"],
      ["list", "GET", "/api/v1/namespaces/n/configmaps", 0, "timeout"],
    ]);
    expect(reports[2]?.seconds).toBeGreaterThan(0.04);
  });
});

describe("watch", () => {
  const watchOf = (version: string, options: object = {}) => ({ resourceVersion: version, timeoutSeconds: 60, ...options });
  const line = (type: string, name: string, resourceVersion: string): string => `${JSON.stringify({ type, object: { metadata: { name, resourceVersion } } })}\n`;
  const collect = async (events: AsyncIterable<WatchEvent>): Promise<string[]> => {
    const seen: string[] = [];
    for await (const e of events) seen.push(`${e.type} ${e.type === "BOOKMARK" ? e.resourceVersion : e.object.metadata.name}`);
    return seen;
  };

  test("asks for bookmarks and an end; events come whole, however the bytes are cut", async () => {
    const client = await connect();
    const text = Buffer.from(line("ADDED", "é–😀", "2") + line("MODIFIED", "b", "3") + line("BOOKMARK", "", "9") + line("DELETED", "c", "10"));
    api.handler = (_, r) => {
      r.writeHead(200);
      const send = (at: number): void => {
        if (at >= text.length) return void r.end();
        r.write(text.subarray(at, at + 7), () => setImmediate(send, at + 7));
      };
      send(0);
    };
    const events = await client.watch(configMaps, watchOf("1", { namespace: "n", labelSelector: "x=y" }));
    expect(await collect(events)).toEqual(["ADDED é–😀", "MODIFIED b", "BOOKMARK 9", "DELETED c"]);
    expect(Object.fromEntries(api.seen[0]?.query ?? [])).toEqual({ watch: "true", allowWatchBookmarks: "true", labelSelector: "x=y", resourceVersion: "1", timeoutSeconds: "60" });
  });

  test("an expired version is gone, at the opening and in the stream", async () => {
    const client = await connect();
    api.handler = (_, r) => answer(r, 410, statusOf(410, "Expired"));
    expect((await failureOf(client.watch(configMaps, watchOf("1")))).kind).toBe("gone");
    api.handler = (_, r) => r.writeHead(200).end(`${line("ADDED", "a", "2")}${JSON.stringify({ type: "ERROR", object: statusOf(410, "Expired") })}\n`);
    expect((await failureOf(collect(await client.watch(configMaps, watchOf("1"))))).kind).toBe("gone");
  });

  test("a cut in the middle of a line is a network failure; the events before it came", async () => {
    const client = await connect();
    api.handler = (_, r) => {
      r.writeHead(200).write(`${line("ADDED", "a", "2")}{"type":"ADD`);
      setTimeout(() => r.socket?.destroy(), 20);
    };
    const seen: string[] = [];
    const error = await failureOf(
      (async () => {
        for await (const e of await client.watch(configMaps, watchOf("1"))) seen.push(e.type);
      })(),
    );
    expect([error.kind, seen]).toEqual(["network", ["ADDED"]]);
  });

  test("leaving the loop and the caller's signal close the connection", async () => {
    const client = await connect();
    api.handler = (_, r) => void r.writeHead(200).write(line("ADDED", "a", "2"));
    for await (const _ of await client.watch(configMaps, watchOf("1"))) break;
    await until(() => api.connections.open.size === 0);
    const stop = new AbortController();
    const ended = failureOf(collect(await client.watch(configMaps, watchOf("1", { signal: stop.signal }))));
    stop.abort();
    expect((await ended).kind).toBe("aborted");
    await until(() => api.connections.open.size === 0);
  });

  test("its bound is for the opening only", async () => {
    const client = await connect({ timeoutMs: 50 });
    api.handler = () => {};
    expect((await failureOf(client.watch(configMaps, watchOf("1")))).kind).toBe("timeout");
    let push: (text: string) => void = () => {};
    api.handler = (_, r) => {
      r.writeHead(200).flushHeaders();
      push = (text) => void r.end(text);
    };
    const events = collect(await client.watch(configMaps, watchOf("1")));
    setTimeout(() => push(line("ADDED", "late", "2")), 150);
    expect(await events).toEqual(["ADDED late"]);
  });

  test.each([
    ["no JSON", "hello\n"],
    ["no object", '{"type":"ADDED"}\n'],
    ["an unknown type", '{"type":"RENAMED","object":{"metadata":{}}}\n'],
  ])("a line that is %s ends it with an error", async (_, text) => {
    const client = await connect();
    api.handler = (_seen, r) => r.writeHead(200).end(text);
    expect((await failureOf(collect(await client.watch(configMaps, watchOf("1"))))).kind).toBe("unknown");
  });
});
