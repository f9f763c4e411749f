import { afterEach, describe, expect, test } from "vitest";
import { createTokenAuth } from "../../../responder/auth/auth.ts";
import { codeOf, openApi, type Api, type Options } from "./harness.ts";

const token = "a-token-of-the-tenant";
const wrong = "b-token-of-the-tenant";
const failures = (result: string) => `kv_auth_failures_total{protocol="http",result="${result}"}`;
const handedOver = "kv_http_handed_over_total";

const open: Api[] = [];
const start = async (options: Options = {}) => {
  const auth = createTokenAuth({ monotonic: () => 0 });
  auth.setTokens([Buffer.from(token)]);
  const api = await openApi({ ...options, auth });
  open.push(api);
  return { api, auth };
};
afterEach(async () => void (await Promise.all(open.splice(0).map((api) => api.close()))));

describe.each([true, false])("tokens (fast path: %s)", (fast) => {
  test("who brings one may do everything; who brings none is told how, once, and may try again", async () => {
    const { api } = await start({ fast });
    const none = await api.send("PUT", "/v1/kv/a", { body: "1" });
    expect([none.status, none.headers["www-authenticate"], none.headers["content-type"], codeOf(none)]).toEqual([401, "Bearer", "application/problem+json", "unauthorized"]);
    expect(api.store.stats().entries).toBe(0);
    for (const [method, path] of [
      ["PUT", "/v1/kv/a"],
      ["GET", "/v1/kv/a"],
      ["GET", "/v1/kv"],
      ["GET", "/openapi.json"],
    ] as const)
      expect((await api.send(method, path, { headers: { authorization: `Bearer ${token}` }, ...(method === "PUT" ? { body: "1" } : {}) })).status, path).toBeLessThan(300);
    expect(await api.series(failures("denied"))).toBe(1);
    expect(await api.series('kv_http_requests_total{method="PUT",route="kv",code="401"}')).toBe(1);
  });

  test.each([["another token", `Bearer ${wrong}`], ["another scheme", `Basic ${token}`], ["the token alone", token], ["no token", "Bearer "], ["a token too many", `Bearer ${token} ${token}`], ["a token beyond all bounds", `Bearer ${token.repeat(100)}`]])("%s is refused", async (_, authorization) => {
    const { api } = await start({ fast });
    expect((await api.send("GET", "/v1/kv/a", { headers: { authorization } })).status).toBe(401);
  });

  test("the scheme is written in any case", async () => {
    const { api } = await start({ fast });
    expect((await api.send("GET", "/v1/kv/a", { headers: { authorization: `bearer ${token}` } })).status).toBe(404);
  });

  test("/metrics asks nobody; a path that only looks like it does", async () => {
    const { api } = await start({ fast });
    expect((await api.send("GET", "/metrics")).status).toBe(200);
    for (const path of ["/metrics/", "/metrics/../v1/kv/a", "//metrics", "/v1/kv/metrics", "/"]) expect((await api.send("GET", path)).status, path).toBe(401);
  });

  test("an address that guesses is made to wait; its valid token too, on connections that have not shown it yet", async () => {
    const { api } = await start({ fast });
    const known = await api.raw(`GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await new Promise((resolve) => void known.socket.once("data", resolve));
    for (let i = 0; i < 10; i++) expect((await api.send("GET", "/v1/kv/a", { headers: { authorization: `Bearer ${wrong}` } })).status).toBe(401);
    const throttled = await api.send("GET", "/v1/kv/a", { headers: { authorization: `Bearer ${wrong}` } });
    expect([throttled.status, throttled.headers["retry-after"], codeOf(throttled)]).toEqual([429, "1", "too_many_failures"]);
    expect([await api.series(failures("denied")), await api.series(failures("throttled"))]).toEqual([10, 1]);
    known.socket.write(`GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`);
    expect((await known.closed).match(/404 Not Found/g)).toHaveLength(2);
  });

  test("a token that was taken back is refused on connections that have used it", async () => {
    const { api, auth } = await start({ fast });
    const authorization = `Bearer ${token}`;
    expect((await api.send("GET", "/v1/kv/a", { headers: { authorization } })).status).toBe(404);
    auth.setTokens([Buffer.from(wrong)]);
    expect((await api.send("GET", "/v1/kv/a", { headers: { authorization } })).status).toBe(401);
    expect((await api.send("GET", "/v1/kv/a", { headers: { authorization: `Bearer ${wrong}` } })).status).toBe(404);
  });
});

describe("handing over", () => {
  test("is counted once for a connection, which is served on", async () => {
    const { api } = await start();
    const ask = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;
    const { closed } = await api.raw(ask("/v1/kv/a") + ask("/v1/kv?prefix=") + ask("/v1/kv/a") + ask("/nothing", "Connection: close\r\n"));
    expect([...(await closed).matchAll(/HTTP\/1\.1 (\d+)/g)].map((m) => m[1])).toEqual(["404", "200", "404", "404"]);
    expect(await api.series(handedOver)).toBe(1);
  });

  test("rubbish is counted as such", async () => {
    const { api } = await start();
    const { closed } = await api.raw("rubbish\r\n\r\n");
    expect(await closed).toContain("400 Bad Request");
    expect(await api.series('kv_protocol_errors_total{protocol="http"}')).toBe(1);
  });
});
