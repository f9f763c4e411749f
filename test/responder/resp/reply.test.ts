// The writer of replies: bytes of both protocol versions, whatever the size.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reply } from "../../../responder/resp/reply.ts";

const written = (write: (reply: Reply) => void, protocol: 2 | 3 = 2): string => {
  const reply = new Reply();
  reply.protocol = protocol;
  write(reply);
  return reply.bytes.toString("latin1", 0, reply.length);
};

test.each<[string, (reply: Reply) => void, string, string]>([
  ["nothing", (r) => r.nil(), "$-1\r\n", "_\r\n"],
  ["a map", (r) => r.map(2), "*4\r\n", "%2\r\n"],
  ["a set", (r) => r.set(2), "*2\r\n", "~2\r\n"],
  ["text for people", (r) => r.verbatim("é"), "$2\r\n\xc3\xa9\r\n", "=6\r\ntxt:\xc3\xa9\r\n"],
  ["an array", (r) => r.array(0), "*0\r\n", "*0\r\n"],
  ["a simple string", (r) => r.simple("RESET"), "+RESET\r\n", "+RESET\r\n"],
  ["a string", (r) => r.text("é"), "$2\r\n\xc3\xa9\r\n", "$2\r\n\xc3\xa9\r\n"],
  ["an error on one line", (r) => r.error("ERR a\r\nb"), "-ERR a  b\r\n", "-ERR a  b\r\n"],
])("%s", (_, write, two, three) => {
  expect(written(write, 2)).toBe(two);
  expect(written(write, 3)).toBe(three);
});

describe("integers", () => {
  test("are their decimal digits", () => {
    fc.assert(fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: 0, max: 1000 })), (n) => void expect(written((r) => r.integer(n))).toBe(`:${n}\r\n`)));
  });

  test.each([0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, -1, -(2 ** 31)])("%d", (n) => expect(written((r) => r.integer(n))).toBe(`:${n}\r\n`));
});

test("grows as far as it must, and shrinks when it begins anew", () => {
  const reply = new Reply();
  const small = reply.bytes.length;
  const value = Buffer.alloc(3 * small, "v");
  reply.ok();
  reply.bulk(value);
  expect(reply.bytes.toString("latin1", 0, reply.length)).toBe(`+OK\r\n$${value.length}\r\n${value.toString()}\r\n`);
  reply.reset();
  expect(reply.bytes.length).toBe(small);
});

describe("taking back", () => {
  const value = (bytes: string) => {
    const state = { released: 0 };
    return { state, value: { bytes: Buffer.from(bytes), release: () => void state.released++ } };
  };

  test("releases the values that do not go out", () => {
    const reply = new Reply();
    const kept = value("kept");
    const gone = value("gone!");
    reply.borrowed(kept.value);
    const at = reply.length;
    reply.borrowed(gone.value);
    expect(reply.size()).toBe(reply.length + 9);
    reply.truncate(at);
    expect(gone.state.released).toBe(1);
    expect(kept.state.released).toBe(0);
    expect(reply.size()).toBe(at + 4);
  });

  test("leaves what was written after", () => {
    const reply = new Reply();
    const gone = value("gone");
    reply.ok();
    const from = reply.length;
    reply.borrowed(gone.value);
    const to = reply.length;
    reply.error("ERR no");
    reply.drop(from, to);
    expect(reply.bytes.toString("latin1", 0, reply.length)).toBe("+OK\r\n-ERR no\r\n");
    expect(gone.state.released).toBe(1);
    expect(reply.inserts).toEqual([]);
  });
});
