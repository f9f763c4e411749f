import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeKey, decodePrefix, parseQuery, pathOf, routeOf } from "../../../responder/http/target.ts";

const percent = (bytes: Uint8Array) => [...bytes].map((b) => `%${b.toString(16).padStart(2, "0")}`).join("");

test("any 1 to 512 bytes can be a key", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 512 }), fc.boolean(), (bytes, upper) => {
      const text = upper ? percent(bytes).toUpperCase() : percent(bytes);
      expect(decodeKey(text)).toEqual({ key: Buffer.from(bytes) });
    }),
  );
});

test("characters that need no escape stand for themselves, + included", () => {
  expect(decodeKey("a+b~c:d@e")).toEqual({ key: Buffer.from("a+b~c:d@e") });
  expect(decodeKey("..")).toEqual({ key: Buffer.from("..") });
  expect(decodeKey("caf\xe9")).toEqual({ key: Buffer.from([0x63, 0x61, 0x66, 0xe9]) });
});

test.each([
  ["", "no key"],
  ["a/b", "%2F"],
  ["%", "hex"],
  ["%4", "hex"],
  ["%zz", "hex"],
  ["%-1", "hex"],
  ["\u0100", "bytes"],
  ["a".repeat(513), "512"],
  ["%61".repeat(513), "512"],
])("%j is refused and says why", (segment, why) => {
  expect(decodeKey(segment)).toEqual({ problem: expect.stringContaining(why) });
});

test("the limit counts bytes, not characters of the path", () => {
  expect(decodeKey("%61".repeat(512))).toEqual({ key: Buffer.from("a".repeat(512)) });
});

test.each([
  ["/v1/kv/a?x=/b", "/v1/kv/a"],
  ["http://host:80/v1/kv/a?x", "/v1/kv/a"],
  ["/", "/"],
  ["*", "/"],
  ["http://host", "/"],
  ["/v1/kv/%3Fx", "/v1/kv/%3Fx"],
])("the path of %j is %j", (url, path) => {
  expect(pathOf(url)).toBe(path);
});

test.each([
  ["/v1/kv/a", "kv"],
  ["/v1/kv", "keys"],
  ["/v1/kv/", "kv"],
  ["/v1/kv/a/incr", "incr"],
  ["/v1/kv//incr", "incr"],
  ["/v1/kv/incr", "kv"],
  ["/v1/kv/a%2Fincr", "kv"],
  ["/v1/kv/a/b/incr", "kv"],
  ["/v1/kv/a/incr/", "kv"],
  ["/v1/batch", "batch"],
  ["/v1/batch/", "other"],
  ["/openapi.json", "other"],
  ["/v1/kvx", "other"],
  ["/metrics", "metrics"],
  ["/readyz", "health"],
  ["/__proto__", "other"],
])("%j belongs to route %s", (path, route) => {
  expect(routeOf(path)).toBe(route);
});

test("a prefix is decoded as queries are: + is a space, empty is allowed", () => {
  expect(decodePrefix("a+b%2B%00%ff")).toEqual({ key: Buffer.from("a b+\0\xff", "latin1") });
  expect(decodePrefix("")).toEqual({ key: Buffer.alloc(0) });
  expect(decodePrefix("a/b")).toEqual({ key: Buffer.from("a/b") });
  expect(decodePrefix("%4")).toEqual({ problem: expect.stringContaining("hex") });
  expect(decodePrefix("a".repeat(513))).toEqual({ problem: expect.stringContaining("512") });
});

test("a query is its parameters, as they were sent", () => {
  expect(parseQuery("/v1/kv")).toEqual({});
  expect(parseQuery("/v1/kv?")).toEqual({});
  expect(parseQuery("/v1/kv?prefix=a%20=b?&limit=5&")).toEqual({ prefix: "a%20=b?", limit: "5" });
  expect(parseQuery("/v1/kv?__proto__=1")?.["__proto__"]).toBe("1");
});

test.each(["?prefix", "?prefix=a&prefix=a", "?=&="])("%j is no query that could be understood", (query) => {
  expect(parseQuery(`/v1/kv${query}`)).toBeUndefined();
});
