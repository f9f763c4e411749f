// What is not the protocol is answered in Redis's words, and ends the connection; what only looks odd is taken.
import { describe, expect, test } from "vitest";
import { createTokenAuth } from "../../../responder/auth/auth.ts";
import { splitLine } from "../../../responder/resp/inline.ts";
import { createDialogue, createService, error, integer, ok } from "./clients.ts";

const protocolError = (text: string) => error(`ERR Protocol error: ${text}`);

describe("broken", () => {
  test.each([
    ["a count that is no number", "*x\r\n", "invalid multibulk length"],
    ["a count with a leading zero", "*01\r\n", "invalid multibulk length"],
    ["a count beyond the bound", "*1048577\r\n", "invalid multibulk length"],
    ["a count of too many digits", "*100000000000000000000\r\n", "invalid multibulk length"],
    ["an empty count", "*\r\n", "invalid multibulk length"],
    ["a plus sign", "*+1\r\n", "invalid multibulk length"],
    ["a length that is no number", "*1\r\n$x\r\n", "invalid bulk length"],
    ["a negative length", "*1\r\n$-1\r\n", "invalid bulk length"],
    ["a length beyond the bound", "*1\r\n$536870913\r\n", "invalid bulk length"],
    ["another type than a bulk string", "*1\r\n:1\r\n", "expected '$', got ':'"],
    ["an argument without its length", "*2\r\n$3\r\nGET\r\nfoo\r\n", "expected '$', got 'f'"],
    ["a line end as type", "*1\r\n\r\n", "expected '$', got ' '"],
    ["a line without an end", "x".repeat(65_537), "too big inline request"],
    ["a count without an end", `*${"1".repeat(65_537)}`, "too big mbulk count string"],
    ["a length without an end", `*1\r\n$${"1".repeat(65_537)}`, "too big bulk count string"],
    ["a quote that is not closed", 'GET "foo\r\n', "unbalanced quotes in request"],
    ["a quote that is closed inside a word", 'GET "foo"bar\r\n', "unbalanced quotes in request"],
  ])("%s", async (_, bytes, problem) => {
    const { say, client, series } = createDialogue();
    expect(await say(bytes)).toBe(protocolError(problem));
    expect(client.isFinished).toBe(true);
    expect(await series('kv_protocol_errors_total{protocol="resp"}')).toBe(1);
  });

  test("what came before is answered, what comes after is not", async () => {
    const { say } = createDialogue();
    expect(await say("PING\r\n*x\r\nPING\r\n")).toBe(`+PONG\r\n${protocolError("invalid multibulk length")}`);
    expect(await say("PING\r\n")).toBe("");
  });

  test("a request that a browser was tricked into ends without an answer", async () => {
    for (const line of ["POST / HTTP/1.1\r\n", "Host: example.org\r\n"]) {
      const { say, client } = createDialogue();
      expect(await say(line)).toBe("");
      expect(client.isFinished).toBe(true);
    }
  });
});

describe("taken", () => {
  test.each([
    ["empty lines", "\r\n\n  \r\nPING\r\n"],
    ["arrays of nothing", "*0\r\n*-1\r\n*-10\r\nPING\r\n"],
    ["a line that ends in LF", "PING\n"],
    ["other case", "*1\r\n$4\r\npInG\r\n"],
    ["anything where CR LF should follow an argument", "*1\r\n$4\r\nPINGxx"],
  ])("%s", async (_, bytes) => {
    expect(await createDialogue().say(bytes)).toBe("+PONG\r\n");
  });

  test("arguments without end to their number, up to the bound", async () => {
    const { say } = createDialogue();
    const keys = 5000;
    expect(await say(`*${keys + 1}\r\n$3\r\nDEL\r\n${"$1\r\nk\r\n".repeat(keys)}`)).toBe(integer(0));
  });
});

describe("strangers", () => {
  const withToken = () => {
    const auth = createTokenAuth({ monotonic: () => 0 });
    auth.setTokens([Buffer.from("secret")]);
    return createDialogue({ auth });
  };

  test.each([
    ["many arguments", "*11\r\n", "unauthenticated multibulk length"],
    ["large arguments", "*1\r\n$16385\r\n", "unauthenticated bulk length"],
  ])("may not send %s", async (_, bytes, problem) => {
    const { say, client } = withToken();
    expect(await say(bytes)).toBe(protocolError(problem));
    expect(client.isFinished).toBe(true);
  });

  test("may once they have shown a token", async () => {
    const { say, ask } = withToken();
    expect(await ask("AUTH secret")).toBe(ok);
    expect(await say(`*11\r\n$3\r\nDEL\r\n${"$1\r\nk\r\n".repeat(10)}`)).toBe(integer(0));
  });
});

test("a command that outgrows the frame is refused before it is held", async () => {
  const service = createService({ limits: { frameBytes: 1000 } });
  const client = service.connect();
  await client.arrive("*200\r\n$4\r\n");
  expect(client.sent()).toBe(protocolError("too big command"));
});

describe("lines that people type", () => {
  const split = (line: string) => splitLine(Buffer.from(line, "latin1"))?.map((word) => word.toString("latin1"));

  test.each<[string, string[]]>([
    ["a b  c", ["a", "b", "c"]],
    ["  a\tb ", ["a", "b"]],
    ['"a b" c', ["a b", "c"]],
    ["'a b' c", ["a b", "c"]],
    [String.raw`"\x41\xff\n\r\t\b\a\q\""`, ['A\xff\n\r\t\b\u0007q"']],
    [String.raw`'\x41\' "'`, [String.raw`\x41' "`]],
    [String.raw`"\xzz"`, ["xzz"]],
    ['""', [""]],
    ['a"b c" d', ["ab c", "d"]],
    ["", []],
  ])("%s", (line, words) => expect(split(line)).toEqual(words));

  test.each(['"', "'", '"a', String.raw`"a\"`, '"a"b', "'a'b"])("%s is not closed", (line) => expect(split(line)).toBeUndefined());
});
