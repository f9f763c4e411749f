// However the bytes are cut up on their way, the answers are the same, and nothing is left behind.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createService, frame, words } from "./clients.ts";

const large = Buffer.alloc(120, "L");
const tooLarge = Buffer.alloc(1100, "T");
/** Every way in which a command can be unfinished: lengths, small and large arguments, refused ones, lines, queues. */
const session = Buffer.concat([
  words("FLUSHALL"),
  words("SET a 1"),
  Buffer.from("PING\r\nGET a\n\r\n*0\r\n*-1\r\n"),
  Buffer.from('SET "quoted \\x41" \'b\'\r\n'),
  frame("SET", "big", large),
  words("GET big"),
  frame("MSET", "x", large, "y", "small", "z", large),
  frame("SET", "refused", tooLarge),
  frame("ECHO", large),
  words("MGET a x y z refused"),
  words("MULTI"),
  frame("SET", "q", large),
  words("GET q"),
  words("EXEC"),
  words("INCR a"),
  words("nonsense with some arguments"),
  words("KEYS *"),
  frame("APPEND", "a", large),
  words("HELLO 3"),
  words("GET nothing"),
  words("QUIT"),
]);

const answersTo = async (service: Service, pieces: readonly Buffer[]) => {
  const client = service.connect();
  for (const piece of pieces) await client.arrive(piece);
  expect(client.isFinished).toBe(true);
  expect(service.loose.size).toBe(0);
  expect(service.borrowed()).toBe(0);
  // each connection has a number of its own
  return client.sent().replace(/(?<=\$2\r\nid\r\n):\d+/, ":0");
};

const open = () => createService({ ownBufferBytes: 100 });
type Service = ReturnType<typeof open>;

const cut = (bytes: Buffer, at: readonly number[]): Buffer[] => {
  const places = [0, ...[...new Set(at)].sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end)).filter((piece) => piece.length > 0);
};

test("a session that is cut in two anywhere gets the same answers", async () => {
  const service = open();
  const whole = await answersTo(service, [session]);
  expect(whole).toContain("string exceeds maximum");
  expect(whole.match(/\$120\r\nL{120}\r\n/g)).toHaveLength(5);
  for (let at = 1; at < session.length; at++) expect(await answersTo(service, cut(session, [at])), `cut at ${at}`).toBe(whole);
}, 60_000);

test("a session that comes byte by byte gets the same answers", async () => {
  const service = open();
  expect(await answersTo(service, Array.from(session, (_, i) => session.subarray(i, i + 1)))).toBe(await answersTo(service, [session]));
});

test("a session in any pieces gets the same answers", async () => {
  const service = open();
  const whole = await answersTo(service, [session]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(session.length), { maxLength: 20 }), async (at) => {
      expect(await answersTo(service, cut(session, at))).toBe(whole);
    }),
    { numRuns: 200 },
  );
}, 60_000);

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom("*", "$", "\r\n", "*3\r\n", "*1\r\n", "$3\r\n", "$300\r\n", "$2000\r\n", "$-1\r\n", "*99999999999\r\n", "GET", "SET", '"', "\\x", " ", "\0", "MULTI\r\n", "EXEC\r\n", "*2\r\n$4\r\nKEYS\r\n$3\r\n[a-\r\n").map((text) => Buffer.from(text, "latin1")),
  fc.array(fc.constantFrom("SET", "GET", "a", "b", "EX", "10", "MULTI", "EXEC", "DISCARD", "SCAN", "0", "KEYS", "*", "HELLO", "3", "CLIENT", "REPLY", "OFF", "ON", "INCR", "APPEND", "GETRANGE", "-1", large, tooLarge), { minLength: 1, maxLength: 7 }).map((args) => frame(...args)),
);

test("whatever arrives, nothing is thrown, memory stays bounded, and all of it comes back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const limits = { inputBudgetBytes: 4000, frameBytes: 2000, lineBytes: 1000, workPerTurn: 5 };
      const service = createService({ ownBufferBytes: 100, limits });
      const client = service.connect();
      for (const each of pieces) {
        await client.arrive(each);
        let bytes = 0;
        for (const buffer of service.loose) bytes += buffer.length;
        expect(bytes).toBeLessThanOrEqual(limits.inputBudgetBytes);
      }
      client.socket.destroy();
      await service.time.advanceAsync(0);
      expect(service.loose.size).toBe(0);
      expect(service.borrowed()).toBe(0);
      expect(await service.series('kv_connections{protocol="resp"}')).toBe(0);
    }),
    { numRuns: 1000 },
  );
}, 60_000);
