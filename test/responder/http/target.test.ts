import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeKey, pathOf, routeOf } from "../../../responder/http/target.ts";

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
  ["/v1/kv", "kv"],
  ["/v1/kvx", "other"],
  ["/metrics", "metrics"],
  ["/readyz", "health"],
  ["/__proto__", "other"],
])("%j belongs to route %s", (path, route) => {
  expect(routeOf(path)).toBe(route);
});
