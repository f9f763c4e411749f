// Generated requests, most of them almost right, to the fast path and to node:http: the same reading, the same answers, or handed over.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noReplication, type Replication } from "../../../responder/replication/port.ts";
import { openFast } from "./fast-path-harness.ts";
import { openApi, type Api } from "./harness.ts";
import { asOperation, readByNode } from "./node-reading.ts";

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "c") },
  { weight: 2, arbitrary: fc.constantFrom("%61", "%2F", "%00", "a%20b", "%ff", "..", ".", "~!$&'()*+,;=:@", "%", "%zz", "%6", "a/b", "a?b=c", "a#b", "", "\xe9", "a\\b", "{a}", "a|b", "k".repeat(512), "k".repeat(513)) },
);
const mixedCase = (name: string) => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase());
const header = (name: string, values: readonly string[]) => fc.tuple(mixedCase(name), fc.constantFrom(": ", ":", ":  "), fc.constantFrom(...values), fc.constantFrom("", "", "", " ")).map((parts) => parts.join(""));

const usualHeader = fc.oneof(
  header("User-Agent", ["curl/8.5.0", ""]),
  header("Accept", ["*/*", "text/html, */*;q=0.8"]),
  header("Connection", ["keep-alive", "Keep-Alive", "close"]),
  header("If-Match", ["*", '"000000000000000000000001"', 'W/"a"', '"a", "b"']),
  header("If-None-Match", ["*", '"000000000000000000000001"', 'W/"a"']),
  header("KV-TTL", ["1", "60"]),
  header("Content-Type", ["text/plain", "application/json; charset=utf-8"]),
  header("Authorization", ["Bearer a-token-that-is-not-asked-for"]),
  header("traceparent", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]),
);
const oddHeader = fc.oneof(
  header("Host", ["x", "y", "", "a b"]),
  header("Content-Length", ["0", "1", "01", "+1", "-1", "0x1", "1, 1", "1 1", "", "99999999999999999999", "3"]),
  header("Transfer-Encoding", ["chunked", "identity", "gzip, chunked", ""]),
  header("Connection", ["close, keep-alive", "upgrade", "", "keep-alive, x", "close\t"]),
  header("Upgrade", ["h2c"]),
  header("Expect", ["100-continue", "nothing"]),
  header("Keep-Alive", ["timeout=5"]),
  header("Proxy-Connection", ["close", "keep-alive"]),
  header("TE", ["trailers"]),
  header("If-Match", ["", "a", '"a', "*, *"]),
  header("KV-TTL", ["0", "-1", "1.5", "", "99999999999"]),
  header("KV-Later", ["1"]),
  // versions are left out: one that never comes is waited for
  header("KV-Ack", ["local", "one", "all", "two", ""]),
  header("KV-Min-Version", ["1", ""]),
  header("Content-Type", ["", "x".repeat(256), "text/\x01"]),
  fc.constantFrom("A", ": b", " A: b", "\tA: b", "A : b", "A: b\rc", "A: b\nc", "A: \0", "a_b: c", "A: \x7f", "A: \xe9", "A: b\tc", "x-1: 1\r\nx-2: 2"),
);

interface Parts {
  method: string;
  target: string;
  version: string;
  headers: readonly string[];
  body: string;
  lengthOffset: number;
  end: string;
}

const parts: fc.Arbitrary<Parts> = fc.record({
  method: fc.oneof({ weight: 30, arbitrary: fc.constantFrom("GET", "PUT", "PUT", "HEAD", "DELETE") }, { weight: 1, arbitrary: fc.constantFrom("POST", "get", "PATCH", "OPTIONS", "GETT", "") }),
  target: fc.oneof({ weight: 20, arbitrary: key.map((k) => `/v1/kv/${k}`) }, { weight: 1, arbitrary: fc.constantFrom("/v1/kv", "/", "*", "http://x/v1/kv/a", "/v1/kv//a", "//v1/kv/a", "/V1/kv/a") }),
  version: fc.oneof({ weight: 40, arbitrary: fc.constant("HTTP/1.1") }, { weight: 1, arbitrary: fc.constantFrom("HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", "") }),
  headers: fc.tuple(fc.array(usualHeader, { maxLength: 4 }), fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(oddHeader, { minLength: 1, maxLength: 2 }) })).map((lists) => lists.flat()),
  body: fc.oneof(fc.constantFrom("", "hello", "GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n", "\0\xff"), fc.string({ maxLength: 20, unit: "binary-ascii" })),
  lengthOffset: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) }),
  end: fc.oneof({ weight: 40, arbitrary: fc.constant("\r\n") }, { weight: 1, arbitrary: fc.constantFrom("\n", "\r", "\r\r\n", "") }),
});

const render = ({ method, target, version, headers, body, lengthOffset, end }: Parts): string => {
  const withBody = method === "PUT" || body.length % 7 === 6;
  const length = withBody ? [`Content-Length: ${Math.max(0, body.length + lengthOffset)}`] : [];
  return `${method} ${target} ${version}\r\n${["Host: x:8080", ...headers, ...length].join("\r\n")}\r\n${end}${withBody ? body : ""}`;
};

/** One byte changed, lost or added, now and then. */
const damage = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(400), remove: fc.nat(1), insert: fc.constantFrom("", "\r", "\n", "\r\n", " ", "\t", "\0", ":", ";", ",", "a", "\x7f", "\xff", "/") }) },
);
const request = fc.tuple(parts, damage).map(([p, change]) => {
  const text = render(p);
  if (!change) return text;
  const at = change.at % text.length;
  return text.slice(0, at) + change.insert + text.slice(at + change.remove);
});
/** After each case, so that both must agree where the one before it ends. */
const sentinel = "GET /v1/kv/sentinel HTTP/1.1\r\nHost: x\r\n\r\n";

describe("what is read", () => {
  const cases = 100_000;
  const inOneRun = 100;

  test(
    `of ${cases} requests the fast path answers none that node:http reads differently`,
    async () => {
      const fast = openFast({ maxValueBytes: 10_000 });
      let [answered, handedOver] = [0, 0];
      const check = async (text: string) => {
        const bytes = text + sentinel;
        const before = fast.operations.length;
        const client = fast.connect();
        client.say(bytes);
        const done = fast.operations.slice(before);
        answered += done.length;
        if (client.handedOver() !== undefined) handedOver++;
        const conditional = /if-(none-)?match/i.test(text);
        client.socket.destroy();
        if (done.length === 0) return;
        const read = (await readByNode(bytes)).requests.map(asOperation);
        // an operation that its condition forbids never reaches the store
        if (!conditional) expect({ bytes, done }).toEqual({ bytes, done: read.slice(0, done.length) });
        else expect(read).toEqual(expect.arrayContaining(done));
      };
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: inOneRun, maxLength: inOneRun }), async (texts) => {
          for (const text of texts) await check(text);
          fast.operations.length = 0;
        }),
        { numRuns: cases / inOneRun },
      );
      // the generator does not miss its aim: most are answered, and many are not
      expect(answered).toBeGreaterThan(cases / 2);
      expect(handedOver).toBeGreaterThan(cases / 20);
    },
    600_000,
  );
});

const prompt: Replication = { ...noReplication, level: () => "one", peers: () => 1, wait: (_position, _wanted, _timeoutMs, done) => (done({ acknowledged: 1, of: 1, met: true }), () => {}) };

describe("what is answered", () => {
  const rows = 3_000;
  // many wait for bytes that never come until a limit in time ends them: each lane waits by itself
  const lanes = 15;
  const limits = { headMs: 5_000, requestMs: 5_000, checkMs: 20 };
  let pairs: (readonly [fast: Api, general: Api])[];
  beforeAll(async () => {
    const open = async (lane: number) => {
      // little memory, since it is cleared before each row; in every third one writes wait for a peer, which has everything
      const options = { limits, maxBytes: 2 ** 20, ...(lane % 3 === 0 && { replication: () => prompt }) };
      return [await openApi(options), await openApi({ ...options, fast: false })] as const;
    };
    pairs = await Promise.all(Array.from({ length: lanes }, (_, lane) => open(lane)));
  });
  afterAll(async () => void (await Promise.all(pairs.flat().map((api) => api.close()))));

  const last = "GET /v1/kv/end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

  /** Answers with their headers in one order and one case, and without the date. */
  const normal = (heard: string): string[] => {
    // versions rise from row to row: what counts is which are equal
    const versions: string[] = [];
    const nameOf = (version: string) => `version ${versions.includes(version) ? versions.indexOf(version) : versions.push(version) - 1}`;
    return heard
      .replaceAll(/^date: .*\r\n/gim, "")
      .replaceAll(/(?<=^etag: ")[0-9a-f]{24}/gim, nameOf)
      .split(/(?=HTTP\/1\.1 \d{3} )/)
      .map((answer) => {
        const [head = "", ...body] = answer.split("\r\n\r\n");
        const [line, ...headers] = head.split("\r\n");
        return [line, ...headers.map((h) => h.replace(/^[^:]+/, (name) => name.toLowerCase())).toSorted(), "", body.join("\r\n\r\n")].join("\n");
      });
  };

  const hear = async (api: Api, chunks: readonly string[]): Promise<string[]> => {
    const { socket, closed } = await api.raw(chunks[0] ?? "");
    for (const chunk of chunks.slice(1)) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      socket.write(chunk, "latin1");
    }
    return normal(await closed);
  };

  const row = fc.record({ requests: fc.array(request, { minLength: 1, maxLength: 5 }), cuts: fc.array(fc.nat(2000), { maxLength: 3 }) });

  test(
    `${rows} rows of requests on real connections have the same answers from both, however they are cut`,
    async () => {
      const compareIn = ([fast, general]: (typeof pairs)[number]) =>
        fc.assert(
          fc.asyncProperty(row, async ({ requests, cuts }) => {
            const bytes = requests.join("") + last.repeat(2);
            const at = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), bytes.length];
            const chunks = at.slice(1).map((end, i) => bytes.slice(at[i], end));
            fast.store.clear();
            general.store.clear();
            const [ours, theirs] = await Promise.all([hear(fast, chunks), hear(general, chunks)]);
            expect({ bytes, answers: ours }).toEqual({ bytes, answers: theirs });
          }),
          { numRuns: rows / lanes },
        );
      await Promise.all(pairs.map(compareIn));
      let handedOver = 0;
      for (const [fast] of pairs) {
        handedOver += await fast.series("kv_http_handed_over_total");
        expect(await fast.series("kv_http_requests_in_flight")).toBe(0);
      }
      expect(handedOver).toBeLessThan(rows * 0.9);
    },
    600_000,
  );
});
