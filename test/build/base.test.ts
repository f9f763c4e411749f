// A base image is pinned by what its registry says, and by nothing else.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { parseReference, pinned, resolveBase } from "../../build/base.ts";

const digest = `sha256:${"1f".repeat(32)}`;

/** A registry that wants an anonymous token first, as public ones do. */
const registry = async (answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => void response.setHeader("docker-content-digest", digest).end()): Promise<string> => {
  const server = createServer((request, response) => {
    const host = request.headers.host ?? "";
    if (request.url?.startsWith("/token?")) return void response.end(JSON.stringify({ token: decodeURIComponent(request.url.slice(7)) }));
    if (request.headers.authorization === "Bearer service=test&scope=repository:base/cc:pull") return answer(request, response);
    response.writeHead(401, { "www-authenticate": `Bearer realm="http://${host}/token",service="test",scope="repository:base/cc:pull"` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test("scratch is no image", async () => expect(await resolveBase("scratch")).toBeUndefined());

test("a tag is looked up once, for all platforms, and built upon by digest", async () => {
  const asked: string[] = [];
  const host = await registry((request, response) => {
    asked.push(`${request.method} ${request.url}`, request.headers.accept ?? "");
    response.setHeader("docker-content-digest", digest).end();
  });
  const base = await resolveBase(`${host}/base/cc:nonroot`);
  expect(base).toEqual({ name: `${host}/base/cc:nonroot`, digest });
  expect(base && pinned(base)).toBe(`${host}/base/cc@${digest}`);
  expect(asked[0]).toBe("HEAD /v2/base/cc/manifests/nonroot");
  expect(asked[1]).toMatch(/^application\/vnd\.oci\.image\.index/);
});

test("a digest that is given is taken, and nobody is asked", async () => {
  expect(await resolveBase(`gcr.io/distroless/cc-debian12:nonroot@${digest}`)).toEqual({ name: "gcr.io/distroless/cc-debian12:nonroot", digest });
});

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ["no such tag", (_, response) => void response.writeHead(404).end()],
  ["no digest", (_, response) => void response.end()],
  ["a digest that is none", (_, response) => void response.setHeader("docker-content-digest", "sha256:12").end()],
])("%s: nothing is built on a guess", async (_, answer) => {
  await expect(resolveBase(`${await registry(answer)}/base/cc:nonroot`)).rejects.toThrow(/cannot find the digest of 127\.0\.0\.1:\d+\/base\/cc:nonroot: it answered/);
});

test.each(["debian:12", "cc-debian12", "gcr.io/Upper:1", ""])("%j is not a whole name", (text) => expect(() => parseReference(text)).toThrow("REGISTRY/PATH:TAG"));
test("a digest that is cut is refused", () => expect(() => parseReference("gcr.io/a/b:1@sha256:1f")).toThrow("64 hexadecimal digits"));
