// docs/replication-protocol.md against the code: the numbers of the frames and of the refusals, and every vector.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { deriveKey } from "#lib/peer-secret";
import { frameType, maxFrameBytes, maxHandshakeBytes, protocolVersion } from "../../../responder/replication/frames.ts";
import { refusals } from "../../../responder/replication/handshake.ts";
import { bucketOf, Digests } from "../../../responder/store/digest.ts";
import { createHash } from "../../../responder/store/hash.ts";
import { Ranges } from "../../../responder/store/ranges.ts";
import * as spec from "./spec-wire.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/replication-protocol.md"), "utf8");
/** The rows of the table under a heading, or from one mark to the next, as cells. */
const rows = (from: string, to: string): string[][] =>
  page
    .slice(page.indexOf(from), page.indexOf(to, page.indexOf(from)))
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));

test("the table of types is the code's, and the peer's that was written from it", () => {
  const table = Object.fromEntries(rows("### Types", "`test/").flatMap(([number, name]) => (/^\d+$/.test(number ?? "") ? [[name?.replaceAll("`", ""), Number(number)]] : [])));
  expect(table).toEqual(frameType);
  expect(spec.types).toEqual(frameType);
});

test("so is the table of refusals", () => {
  const table = rows("**Refusals**", "## Records").flatMap(([number, name]) => (/^\d+$/.test(number ?? "") ? [[Number(number), name] as const] : []));
  expect(table.toSorted(([a], [b]) => a - b)).toEqual(refusals.map((name, i) => [i, name]));
});

test("version and sizes are the code's", () => {
  expect(page).toContain(`# The replication protocol, version ${protocolVersion}\n`);
  expect(page).toContain(`at most ${maxHandshakeBytes.toLocaleString("en")} before the handshake is done; after it an acceptor takes ${maxFrameBytes.toLocaleString("en")} `);
});

describe("the vectors", () => {
  const secret = "0123456789abcdef";
  const hex = (n: number) => (n >>> 0).toString(16).padStart(8, "0");
  const version = { ms: 0x018b_cfe5_6800, counter: 1, node: 0x89ab_cdef };
  const bytes = Buffer.from("018bcfe56800000189abcdef", "hex");
  const given = rows("<!-- vectors -->", "<!-- end: vectors -->").slice(2).map((cells) => cells[1]);

  test("come out of the responder's code", () => {
    const seed = deriveKey(Buffer.from(secret), "hash seed", 8);
    const hash = (key: string) => createHash(seed)(Buffer.from(key), 0, key.length);
    const [digests, empty, ranges] = [new Digests(), new Digests(), new Ranges()];
    digests.toggle(hash("greeting"), version.ms | 0, (Math.floor(version.ms / 2 ** 32) << 16) | version.counter, version.node | 0);
    ranges.add(Buffer.from("a"), version, 0);
    const bucket = bucketOf(hash("greeting"));
    const pair = ([a, b]: ArrayLike<number> & Iterable<number>) => `\`${hex(a!)}\` \`${hex(b!)}\``;
    expect(given).toEqual([
      `\`${deriveKey(Buffer.from(secret), "peer proof", 32).toString("hex")}\``,
      `\`${seed.toString("hex")}\``,
      `\`${hex(hash("a"))}\``,
      `\`${hex(hash("greeting"))}\``,
      String(bucket),
      pair(digests.words.subarray(bucket * 2, bucket * 2 + 2)),
      pair(digests.root()),
      pair(empty.root()),
      `\`${hex(ranges.hash)}\``,
    ]);
  });

  test("come out of the peer that was written from the page", () => {
    const { proof, seed } = spec.deriveKeys(secret);
    const hash = spec.halfSipHash(seed, Buffer.from("greeting"));
    const words = Array.from({ length: spec.bucketCount * 2 }, () => 0);
    const empty = spec.rootOf(words);
    const digest = spec.digestOf(hash, bytes);
    words.splice(spec.bucketOf(hash) * 2, 2, ...digest);
    const pair = ([a, b]: readonly [number, number]) => `\`${hex(a)}\` \`${hex(b)}\``;
    expect(given).toEqual([
      `\`${proof.toString("hex")}\``,
      `\`${seed.toString("hex")}\``,
      `\`${hex(spec.halfSipHash(seed, Buffer.from("a")))}\``,
      `\`${hex(hash)}\``,
      String(spec.bucketOf(hash)),
      pair(digest),
      pair(spec.rootOf(words)),
      pair(empty),
      `\`${hex(spec.rangesHash([bytes]))}\``,
    ]);
  });
});
