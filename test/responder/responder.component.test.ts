// The responder as a process: what a pod does, on loopback.
import { connect, createServer } from "node:net";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, renameSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { failToStart, startResponder } from "./process.ts";

const put = (url: string, body: string, headers: Record<string, string> = {}) => fetch(url, { method: "PUT", body, headers });

test("entries live and die over HTTP", async () => {
  await using responder = await startResponder({ KVR_MAX_VALUE_BYTES: "1000", KVR_DEFAULT_TTL: "3600" });
  const url = `${responder.api}/v1/kv/a%00%2F%ff`;

  const created = await put(url, "value", { "content-type": "text/plain", "kv-ttl": "60" });
  expect(created.status).toBe(201);
  const got = await fetch(url);
  expect([got.status, await got.text(), got.headers.get("content-type"), got.headers.get("etag")]).toEqual([200, "value", "text/plain", created.headers.get("etag")]);
  expect(Number(got.headers.get("kv-ttl"))).toBeGreaterThan(50);
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "5"]);
  const etag = String(created.headers.get("etag"));
  expect((await fetch(url, { headers: { "if-none-match": etag } })).status).toBe(304);
  expect((await put(url, "2", { "if-none-match": "*" })).status).toBe(412);
  expect((await put(url, "2", { "if-match": etag })).status).toBe(204);
  expect((await put(url, "x".repeat(1001))).status).toBe(413);
  const post = await fetch(url, { method: "POST" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, PUT, DELETE"]);
  expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(url)).status).toBe(404);

  await put(url, "short", { "kv-ttl": "1" });
  await expect.poll(async () => (await fetch(url)).status, { timeout: 5000 }).toBe(404);
});

test("an entry that nobody reads is swept when its time is over", async () => {
  await using responder = await startResponder();
  await put(`${responder.api}/v1/kv/a`, "1", { "kv-ttl": "1" });
  const metrics = async () => (await fetch(`${responder.management}/metrics`)).text();
  await expect.poll(metrics, { timeout: 5000 }).toMatch(/^kv_expirations_total 1$/m);
  expect(await metrics()).toMatch(/^kv_entries 0$/m);
});

test("memory stays within its bound, whatever is written", async () => {
  const maxMemory = 1_000_000;
  await using responder = await startResponder({ KVR_MAX_MEMORY: String(maxMemory) });
  for (let i = 0; i < 300; i++) expect((await put(`${responder.api}/v1/kv/${i}`, "x".repeat(10_000))).status).toBe(201);
  const text = await (await fetch(`${responder.api}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
  expect(value("kv_memory_used_bytes")).toBeLessThanOrEqual(maxMemory);
  expect(value("kv_memory_used_bytes")).toBeGreaterThan(maxMemory * 0.9);
  expect(value("kv_memory_limit_bytes")).toBe(maxMemory);
  expect(value('kv_evictions_total\\{reason="memory"\\}')).toBe(300 - value("kv_entries"));
});

test("both ports show the metrics; identity and process series are among them", async () => {
  await using responder = await startResponder({ KVR_TENANT: "acme" });
  for (const base of [responder.api, responder.management]) {
    const answer = await fetch(`${base}/metrics`);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await answer.text();
    expect(text).toMatch(/^kv_info\{tenant="acme"\} 1$/m);
    expect(text).toMatch(/^kv_build_info\{version="\d+\.\d+\.\d+",node="v\d+\.\d+\.\d+"\} 1$/m);
    expect(text).toMatch(/^process_start_time_seconds \d+$/m);
    // the tenant is stamped at the scrape; a process that claims it on other series could claim another's
    expect(text.split("\n").filter((line) => line.includes("acme"))).toHaveLength(1);
    expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length).toBeLessThanOrEqual(500);
  }
});

test("the management port answers probes and says who it is; the API port does not", async () => {
  await using responder = await startResponder({ KVR_TENANT: "acme", KVR_NAME: "cache", KVR_NAMESPACE: "team-a", KVR_POD: "kv-0", KVR_SERVICE: "kv-responder-cache" });
  const text = async (path: string) => (await fetch(responder.management + path)).text();
  expect(await text("/livez")).toBe("ok\n");
  expect(await text("/readyz")).toBe("ok\n");
  expect(await text("/readyz?verbose")).toBe("[+]serving ok\n[+]tokens ok\nok\n");
  expect(JSON.parse(await text("/info"))).toMatchObject({ tenant: "acme", name: "cache", namespace: "team-a", pod: "kv-0", service: "kv-responder-cache", state: "serving" });
  expect((await fetch(`${responder.api}/readyz`)).status).toBe(404);
  expect((await fetch(`${responder.management}/v1/kv/a`)).status).toBe(404);
  expect((await fetch(`${responder.management}/livez`, { method: "POST" })).status).toBe(405);
});

test("every log line is JSON with tenant, namespace, pod and service; the first says where it listens", async () => {
  const identity = { tenant: "acme", namespace: "team-a", pod: "kv-0", service: "kv-responder-cache", kvresponder: "cache" };
  await using responder = await startResponder({ KVR_TENANT: "acme", KVR_NAME: "cache", KVR_NAMESPACE: "team-a", KVR_POD: "kv-0", KVR_SERVICE: "kv-responder-cache" });
  await put(`${responder.api}/v1/kv/secret-key`, "secret-value");
  responder.signal("SIGTERM");
  expect(await responder.ended).toBe(0);
  for (const line of responder.lines) expect(line).toMatchObject({ ...identity, version: expect.any(String), time: expect.stringMatching(/Z$/), level: "info" });
  expect(responder.lines.map((line) => line.msg)).toEqual(["serving", "request", "stopping", "stopped"]);
  expect(responder.lines[1]).toMatchObject({ method: "PUT", route: "kv", status: 201, durationMs: expect.any(Number) });
  expect(JSON.stringify(responder.lines)).not.toContain("secret");
});

describe("stopping", () => {
  test("a slow request under way when SIGTERM comes is answered; readiness fails meanwhile; exit 0", async () => {
    await using responder = await startResponder({ KVR_DRAIN_SECONDS: "10" });
    const socket = connect(responder.ports.api, "127.0.0.1");
    await once(socket, "connect");
    let answer = "";
    socket.on("data", (chunk) => void (answer += chunk.toString()));
    socket.write("PUT /v1/kv/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    await expect.poll(async () => (await fetch(`${responder.management}/metrics`)).text()).toMatch(/^kv_http_requests_in_flight 2$/m);

    responder.signal("SIGTERM");
    await expect.poll(async () => (await fetch(`${responder.management}/readyz`)).status).toBe(503);
    expect((await fetch(`${responder.management}/livez`)).status).toBe(200);
    await expect(fetch(`${responder.api}/metrics`)).rejects.toThrow();
    socket.write("def");
    await once(socket, "close");
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(await responder.ended).toBe(0);
    expect(responder.lines.filter((line) => line.msg !== "request").map((line) => line.msg)).toEqual(["serving", "stopping", "stopped"]);
  });

  test("clients that are busy see no failure while it stops", async () => {
    await using responder = await startResponder();
    await put(`${responder.api}/v1/kv/a`, "1");
    let [answered, refused] = [0, 0];
    const client = async () => {
      while (refused === 0) {
        try {
          const answer = await fetch(`${responder.api}/v1/kv/a`);
          await answer.text();
          if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
          answered++;
        } catch (err) {
          // a refused connection is the only end there may be: nothing was sent
          const code = err instanceof Error && err.cause instanceof Error && "code" in err.cause ? err.cause.code : String(err);
          expect(code).toBe("ECONNREFUSED");
          refused++;
        }
      }
    };
    const clients = Array.from({ length: 8 }, client);
    await expect.poll(() => answered).toBeGreaterThan(100);
    responder.signal("SIGTERM");
    await Promise.all(clients);
    expect(await responder.ended).toBe(0);
  });

  test("what hangs is cut at the end of the drain, told, and the exit is still clean", async () => {
    await using responder = await startResponder({ KVR_DRAIN_SECONDS: "1" });
    const socket = connect(responder.ports.api, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write("PUT /v1/kv/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    await expect.poll(async () => (await fetch(`${responder.management}/metrics`)).text()).toMatch(/^kv_http_requests_in_flight 2$/m);
    responder.signal("SIGTERM");
    expect(await responder.ended).toBe(0);
    expect(responder.lines.find((line) => line.msg === "requests cut at the end of the drain")).toMatchObject({ level: "warn", requests: 1 });
  });

  test("a second signal ends it at once", async () => {
    await using responder = await startResponder({ KVR_DRAIN_SECONDS: "600" });
    const socket = connect(responder.ports.api, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write("PUT /v1/kv/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    await expect.poll(async () => (await fetch(`${responder.management}/metrics`)).text()).toMatch(/^kv_http_requests_in_flight 2$/m);
    responder.signal("SIGINT");
    await expect.poll(() => responder.lines.some((line) => line.msg === "stopping")).toBe(true);
    responder.signal("SIGINT");
    expect(await responder.ended).toBe(1);
    expect(responder.lines.at(-1)?.msg).toBe("second signal: stopping at once");
  });
});

test("a crash leaves its reason as the last line", async () => {
  const plant = `process.on("SIGUSR2", () => setImmediate(() => { throw new Error("planted") }))`;
  await using responder = await startResponder({}, { imports: [plant] });
  responder.signal("SIGUSR2");
  expect(await responder.ended).toBe(1);
  expect(responder.lines.at(-1)).toMatchObject({ level: "fatal", msg: "uncaught exception", tenant: "local", err: { message: "planted", stack: expect.stringContaining("at ") } });
});

test("a promise that nobody handled is a crash too", async () => {
  const plant = `process.on("SIGUSR2", () => void Promise.reject(new Error("planted")))`;
  await using responder = await startResponder({}, { imports: [plant] });
  responder.signal("SIGUSR2");
  expect(await responder.ended).toBe(1);
  expect(responder.lines.at(-1)).toMatchObject({ level: "fatal", err: { message: "planted" } });
});

test("the log level and which requests are logged follow the runtime file, swapped as the kubelet does it, without a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kvr-runtime-"));
  let turn = 0;
  /** ..data is a link to a folder of its own for each version, replaced by a rename. */
  const write = (text: string) => {
    const version = join(folder, `..${turn++}`);
    mkdirSync(version);
    writeFileSync(join(version, "runtime.json"), text);
    symlinkSync(version, join(folder, "..data.new"));
    renameSync(join(folder, "..data.new"), join(folder, "..data"));
  };
  try {
    write('{"logLevel":"info"}');
    symlinkSync(join("..data", "runtime.json"), join(folder, "runtime.json"));
    await using responder = await startResponder({ KVR_RUNTIME_FILE: join(folder, "runtime.json") });

    const said = (msg: string) => responder.lines.filter((line) => line.msg === msg);
    write('{"logLevel":"warn"}');
    await expect.poll(() => said("log level changed").some((l) => l["to"] === "warn"), { timeout: 5000 }).toBe(true);
    await put(`${responder.api}/v1/kv/a`, "1");
    write('{"logLevel":"loud"}');
    await expect.poll(() => said("runtime settings not read; the last ones stay in force").length, { timeout: 5000 }).toBe(1);
    write('{"logLevel":"debug"}');
    await expect.poll(() => said("log level changed").some((l) => l["from"] === "warn" && l["to"] === "debug"), { timeout: 5000 }).toBe(true);
    expect(said("request")).toEqual([]);

    write('{"requests":{"sample":1,"keyHash":true}}');
    await expect.poll(() => said("settings changed").some((l) => (l["requests"] as { sample?: number } | undefined)?.sample === 1), { timeout: 5000 }).toBe(true);
    for (const key of ["a", "a", "b"]) await put(`${responder.api}/v1/kv/${key}`, "1");
    await expect.poll(() => said("request").length).toBe(3);
    const [one, again, other] = said("request").map((line) => line["keyHash"]);
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect([again === one, other === one]).toEqual([true, false]);
    expect(said("request").map((line) => line["sampleRate"])).toEqual([1, 1, 1]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a slow head is cut off", async () => {
  await using responder = await startResponder();
  const socket = connect(responder.ports.api, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => void (answer += chunk.toString()));
  await once(socket, "connect");
  const started = performance.now();
  const drip = setInterval(() => socket.write("X"), 500);
  socket.write("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n");
  socket.on("error", () => {});
  await once(socket, "close");
  clearInterval(drip);
  expect(performance.now() - started).toBeLessThan(9000);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test("a process that finds no token is not ready and says where it looks; a token that appears is accepted without a restart", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kvr-no-token-"));
  try {
    await using responder = await startResponder({ KVR_TOKEN_DIR: dir });
    const ready = await fetch(`${responder.management}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining(`no token was found in ${dir}`)]);
    const get = async () => (await fetch(`${responder.api}/v1/kv/a`, { headers: { authorization: "Bearer sixteen-characters" } })).status;
    expect(await get()).toBe(401);
    writeFileSync(join(dir, "token"), "sixteen-characters\n");
    await expect.poll(get, { timeout: 10_000, interval: 500 }).toBe(404);
    expect((await fetch(`${responder.management}/readyz`)).status).toBe(200);
    expect(JSON.stringify(responder.lines)).not.toContain("sixteen-characters");
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("connections beyond the cap are turned away and counted", async () => {
  await using responder = await startResponder({ KVR_MAX_CONNECTIONS: "3" });
  const sockets = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const socket = connect(responder.ports.api, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      return socket;
    }),
  );
  await expect.poll(async () => (await fetch(`${responder.management}/metrics`)).text()).toMatch(/^kv_connections_rejected_total\{protocol="http"\} 2$/m);
  expect(await (await fetch(`${responder.management}/metrics`)).text()).toMatch(/^kv_connections\{protocol="http"\} 3$/m);
  for (const socket of sockets) socket.destroy();
});

describe("a start that fails says why", () => {
  test("a wrong environment: every problem at once, in one line", async () => {
    const { code, stderr, stdout } = await failToStart({ KVR_HTTP_PORT: "x", KVR_TENANT: "-", KVR_POD: "p-0" });
    expect([code, stderr]).toEqual([2, ""]);
    const { problems, ...line } = JSON.parse(stdout) as { problems: string[] };
    expect(line).toMatchObject({ level: "fatal", msg: "configuration is not valid", tenant: "-", pod: "p-0", service: "local" });
    expect(problems.join()).toContain('KVR_HTTP_PORT="x" must be a TCP port');
    expect(problems.join()).toContain('KVR_TENANT="-" must be a DNS label');
  });

  test("a port that is taken: a fatal line and exit 1", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const { code, stdout } = await failToStart({ KVR_HTTP_PORT: String(port), KVR_METRICS_PORT: "0" });
    taken.close();
    expect(code).toBe(1);
    const line = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { level: string; err: { message: string } };
    expect(line.level).toBe("fatal");
    expect(line.err.message).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
  });
});
