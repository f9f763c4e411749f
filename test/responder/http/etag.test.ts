import fc from "fast-check";
import { expect, test } from "vitest";
import { etagOf, parsePrecondition } from "../../../responder/http/etag.ts";
import { formatVersion, type Version } from "../../../responder/store/version.ts";

const formatEtag = (version: Version) => etagOf({ writeVersion: (_slot, target, at) => at + target.write(formatVersion(version), at) }, 0);

const a = { ms: 1, counter: 2, node: 3 };
const b = { ms: 4, counter: 5, node: 6 };

test("an ETag is a version of 24 hex digits in quotes, and comes back as that version", () => {
  expect(formatEtag(a)).toBe('"000000000001000200000003"');
  fc.assert(
    fc.property(fc.nat(2 ** 47), fc.nat(0xffff), fc.nat(0x7fff_ffff), (ms, counter, node) => {
      expect(parsePrecondition(formatEtag({ ms, counter, node }), undefined)).toEqual({ match: [{ ms, counter, node }] });
    }),
  );
});

test("lists, stars and absence", () => {
  expect(parsePrecondition(undefined, undefined)).toEqual({});
  expect(parsePrecondition("*", undefined)).toEqual({ match: "any" });
  expect(parsePrecondition(undefined, " * ")).toEqual({ noneMatch: "any" });
  expect(parsePrecondition(`${formatEtag(a)} ,\t${formatEtag(b)}`, undefined)).toEqual({ match: [a, b] });
});

test("a weak tag counts for If-None-Match only", () => {
  expect(parsePrecondition(`W/${formatEtag(a)}`, `W/${formatEtag(a)}`)).toEqual({ match: [], noneMatch: [a] });
});

test("somebody else's tag is well-formed and matches nothing", () => {
  expect(parsePrecondition('"abc, def"', undefined)).toEqual({ match: [] });
});

test.each(["", "abc", '"a', '"a" "b"', '"a",', 'w/"a"', '*,"a"'])("%j is malformed", (header) => {
  expect(parsePrecondition(header, undefined)).toBeUndefined();
  expect(parsePrecondition(undefined, header)).toBeUndefined();
});
