import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { createTokenAuth } from "../../../responder/auth/auth.ts";
import { noReplication, type AckLevel } from "../../../responder/replication/port.ts";
import type { Store } from "../../../responder/store/types.ts";
import { openFast, statuses, withoutVersions } from "./fast-path-harness.ts";

const host = "Host: x\r\n";
const get = (key: string, more = "") => `GET /v1/kv/${key} HTTP/1.1\r\n${host}${more}\r\n`;
const put = (key: string, body: string, more = "") => `PUT /v1/kv/${key} HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n${more}\r\n${body}`;
const kv = (method: string, code: number) => `kv_http_requests_total{method="${method}",route="kv",code="${code}"}`;
const slowReaders = 'kv_slow_readers_closed_total{protocol="http"}';
const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

const story = [
  put("a", "hello", "Content-Type: text/plain\r\nKV-TTL: 60\r\n"),
  get("a"),
  put("a", ""),
  `HEAD /v1/kv/%61 HTTP/1.1\r\n${host}\r\n`,
  get("a", "If-None-Match: *\r\n"),
  put("a", "x".repeat(40), "If-None-Match: *\r\n"),
  `DELETE /v1/kv/a HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`,
  get("a"),
  put("b", "y".repeat(300)),
  get("b", "Connection: close\r\n"),
].join("");
const storyStatuses = [201, 200, 204, 200, 304, 412, 204, 404, 201, 200];

describe("bytes in, answers out", () => {
  test("requests that come at once are answered in order, with one write", () => {
    const client = openFast().connect();
    client.say(story);
    expect(statuses(client.heard())).toEqual(storyStatuses);
    expect([client.socket.writes, client.handedOver(), client.isClosing()]).toEqual([1, undefined, true]);
  });

  // values above this many bytes take the way of large ones
  for (const ownBufferBytes of [65_536, 100]) {
    const fast = openFast({ ownBufferBytes });
    const tell = (parts: Iterable<string>): string => {
      fast.store.clear();
      const client = fast.connect();
      for (const part of parts) client.say(part);
      return withoutVersions(client.heard());
    };
    const whole = tell([story]);

    test(`the same answers wherever the bytes are split in two (own buffers above ${ownBufferBytes})`, () => {
      for (let at = 1; at < story.length; at++) expect(tell([story.slice(0, at), story.slice(at)]), `split at ${at}`).toBe(whole);
      expect(statuses(whole)).toEqual(storyStatuses);
    });

    test(`the same answers when every byte comes alone (own buffers above ${ownBufferBytes})`, () => {
      expect(tell(story)).toBe(whole);
    });
  }

  test("what is not for the fast path leaves with all its bytes, after the answers to what came before", () => {
    const foreign = `GET /metrics HTTP/1.1\r\n${host}\r\n`;
    for (let at = 0; at <= foreign.length; at++) {
      const client = openFast().connect();
      client.say(get("a") + foreign.slice(0, at));
      if (at < foreign.length) client.say(foreign.slice(at));
      // given away at the first byte that tells; what comes later reaches the general server by itself
      expect(foreign.startsWith(client.handedOver() ?? "none"), `split at ${at}`).toBe(true);
      expect(statuses(client.heard())).toEqual([404]);
    }
  });

  test("a request that the rules refuse leaves too: the general routes say why", async () => {
    for (const request of [put("a", "1", "KV-TTL: 0\r\n"), put("a", "1", `Content-Type: ${"x".repeat(256)}\r\n`), get("a", "If-Match: abc\r\n"), put("a", "x".repeat(20)), get("a").replace("Host: x", "Host: a b")]) {
      const fast = openFast({ maxValueBytes: 10 });
      const client = fast.connect();
      client.say(request);
      expect(client.handedOver()).toBe(request);
      expect(await fast.series("kv_http_requests_in_flight")).toBe(0);
    }
  });

  test("while writes wait for peers they leave, and reads stay", () => {
    let level: AckLevel = "local";
    const fast = openFast({ replication: { ...noReplication, level: () => level } });
    const writes = [put("a", "1"), `DELETE /v1/kv/a HTTP/1.1\r\n${host}\r\n`];
    for (const next of ["one", "all", "local"] as const) {
      level = next;
      for (const write of writes) {
        const client = fast.connect();
        client.say(get("b") + write);
        expect([level, statuses(client.heard()).length, client.handedOver()]).toEqual([level, level === "local" ? 2 : 1, level === "local" ? undefined : write]);
      }
    }
  });

  test("half a request and then the client's end is no request", async () => {
    for (const part of [get("a").slice(0, 20), put("a", "12345").slice(0, -1)]) {
      const fast = openFast();
      const client = fast.connect();
      client.say(part);
      client.socket.emit("end");
      await once(client.socket, "close");
      expect([client.heard(), fast.store.stats().entries, fast.table.inFlight()]).toEqual(["", 0, 0]);
    }
  });

  test("a client that ends its side after its requests has its answers", () => {
    const client = openFast().connect();
    client.say(get("a"));
    client.socket.emit("end");
    expect([statuses(client.heard()), client.isClosing()]).toEqual([[404], true]);
  });
});

describe("large values", () => {
  const large = "z".repeat(500);
  const watched = () => {
    const counts = { allocated: 0, freed: 0, adopted: 0, released: 0 };
    const buffers = new Set<Buffer>();
    const wrap = (store: Store): Store => ({
      ...store,
      get written() {
        return store.written;
      },
      allocate: (bytes) => {
        counts.allocated++;
        const buffer = store.allocate(bytes);
        buffers.add(buffer);
        return buffer;
      },
      free: (buffer) => {
        expect(buffers.delete(buffer)).toBe(true);
        counts.freed++;
      },
      put: (...args) => {
        if (buffers.delete(args[3])) counts.adopted++;
        return store.put(...args);
      },
      borrowValue: (slot) => {
        const lent = store.borrowValue(slot);
        let released = false;
        return (
          lent && {
            bytes: lent.bytes,
            release: () => {
              expect(released).toBe(false);
              released = true;
              counts.released++;
            },
          }
        );
      },
    });
    return { counts, fast: openFast({ ownBufferBytes: 100, store: wrap }) };
  };

  test("a body arrives in the buffer that the store adopts; the value leaves from the store's own", () => {
    const { fast, counts } = watched();
    const client = fast.connect();
    client.say(put("a", large) + get("a"));
    expect(statuses(client.heard())).toEqual([201, 200]);
    expect(client.heard().endsWith(`\r\n\r\n${large}`)).toBe(true);
    expect(counts).toEqual({ allocated: 1, freed: 0, adopted: 1, released: 1 });
  });

  test("a body that is refused or never ends gives its buffer back", () => {
    const { fast, counts } = watched();
    const client = fast.connect();
    client.say(put("a", "1") + put("a", large, "If-None-Match: *\r\n"));
    expect([statuses(client.heard()), counts]).toEqual([[201, 412], { allocated: 1, freed: 1, adopted: 0, released: 0 }]);
    client.say(put("a", large).slice(0, -1));
    client.socket.emit("close");
    expect(counts).toEqual({ allocated: 2, freed: 2, adopted: 0, released: 0 });
  });

  test("a head alone reserves nothing", () => {
    const { fast, counts } = watched();
    const client = fast.connect();
    client.say(put("a", large).slice(0, -450));
    expect(counts.allocated).toBe(0);
  });

  test("a value is lent until the client has read it, or has left", async () => {
    for (const end of ["read", "close"] as const) {
      const { fast, counts } = watched();
      const client = fast.connect();
      client.say(put("a", large));
      client.socket.stall();
      client.say(get("a"));
      expect(counts.released).toBe(0);
      if (end === "read") client.socket.catchUp();
      else client.socket.emit("close");
      await nextTurn();
      expect(counts.released).toBe(1);
    }
  });

  test("bodies that arrive together are bounded together; the rest of one that is refused is thrown away", () => {
    const fast = openFast({ budgetBytes: 600 });
    const [first, second] = [fast.connect(), fast.connect()];
    first.say(put("a", large).slice(0, -1));
    second.say(put("b", large).slice(0, -1));
    expect([statuses(first.heard()), statuses(second.heard())]).toEqual([[], [503]]);
    expect(second.heard()).toContain("retry-after: 1");
    second.say(`z${get("b")}`);
    first.say("z");
    second.say(put("b", large).slice(0, -1));
    second.say("z");
    expect([statuses(first.heard()), statuses(second.heard())]).toEqual([[201], [503, 404, 201]]);
  });
});

describe("one client among others", () => {
  test("a long row of requests is answered in parts, and others between them", async () => {
    const fast = openFast({ limits: { requestsPerTurn: 10 } });
    const [greedy, modest] = [fast.connect(), fast.connect()];
    greedy.say(get("a").repeat(35));
    expect(statuses(greedy.heard())).toHaveLength(10);
    modest.say(get("a"));
    expect(statuses(modest.heard())).toEqual([404]);
    await nextTurn();
    expect(statuses(greedy.heard())).toHaveLength(20);
    greedy.socket.emit("end");
    for (let i = 0; i < 3; i++) await nextTurn();
    expect([statuses(greedy.heard()).length, greedy.isClosing()]).toEqual([35, true]);
  });

  test("a client that does not read is not read from, and its answers do not pile up", async () => {
    const fast = openFast({ limits: { stalledMs: 30_000 } });
    const client = fast.connect();
    client.say(put("a", "x".repeat(50_000)));
    client.socket.stall();
    client.say(get("a").repeat(20));
    expect(client.socket.isPaused()).toBe(true);
    expect(client.socket.writableLength).toBeLessThan(3 * 65_536);
    expect(await fast.series("kv_http_requests_in_flight")).toBeGreaterThan(0);
    client.socket.catchUp();
    for (let i = 0; i < 30; i++) await nextTurn();
    expect([statuses(client.heard()).length, client.socket.isPaused()]).toEqual([21, false]);
    expect(client.heard().split("x".repeat(50_000))).toHaveLength(21);
    expect([await fast.series("kv_http_requests_in_flight"), await fast.series(kv("GET", 200))]).toEqual([0, 20]);
  });

  test("answers that wait for their client are not written over by the answers of others", async () => {
    const fast = openFast();
    const [slow, quick] = [fast.connect(), fast.connect()];
    slow.say(put("slow", "s".repeat(1000)));
    quick.say(put("quick", "q".repeat(1000)));
    slow.socket.stall();
    slow.say(get("slow"));
    quick.say(get("quick"));
    slow.socket.catchUp();
    await nextTurn();
    expect([slow.heard().endsWith("s".repeat(1000)), quick.heard().endsWith("q".repeat(1000))]).toEqual([true, true]);
  });

  test("one that reads nothing for too long is dropped and counted; its answers never arrived", async () => {
    const fast = openFast();
    const client = fast.connect();
    client.socket.stall();
    client.say(get("a"));
    expect(client.socket.timeouts).toEqual([30_000]);
    client.socket.emit("timeout");
    await once(client.socket, "close");
    expect([await fast.series(slowReaders), await fast.series(kv("GET", 499)), await fast.series(kv("GET", 404))]).toEqual([1, 1, 0]);
  });

  test("together they hold a bounded amount: who has waited longest is dropped", async () => {
    const fast = openFast({ limits: { outputBytes: 2_500 } });
    fast.connect().say(put("a", "x".repeat(1000)));
    const clients = Array.from({ length: 3 }, () => fast.connect());
    for (const { socket, say } of clients) {
      socket.stall();
      say(get("a"));
    }
    await once(clients[0]!.socket, "close");
    expect(clients.map(({ socket }) => socket.destroyed)).toEqual([true, false, false]);
    expect(await fast.series(slowReaders)).toBe(1);
    clients[1]!.socket.catchUp();
    await nextTurn();
    const late = fast.connect();
    late.socket.stall();
    late.say(get("a"));
    expect(clients.map(({ socket }) => socket.destroyed)).toEqual([true, false, false]);
  });
});

describe("time", () => {
  const after = (ms: number, fast: ReturnType<typeof openFast>) => {
    fast.time.advance(ms);
    fast.check();
  };

  test("a connection that never asks anything is cut without a word", () => {
    const fast = openFast();
    const client = fast.connect();
    after(5_000, fast);
    expect(client.socket.destroyed).toBe(false);
    after(1, fast);
    expect([client.socket.destroyed, client.heard()]).toEqual([true, ""]);
  });

  test("an idle one is ended politely after 75 s, and cut when it does not end too", () => {
    const fast = openFast();
    const client = fast.connect();
    client.say(get("a"));
    after(75_000, fast);
    expect(client.isClosing()).toBe(false);
    after(1, fast);
    expect([client.isClosing(), client.socket.destroyed]).toEqual([true, false]);
    after(2_000, fast);
    expect(client.socket.destroyed).toBe(true);
  });

  test("a head has 5 s from its first byte, however it trickles in", async () => {
    const fast = openFast();
    const client = fast.connect();
    client.say(get("a") + get("b").slice(0, 5));
    for (let i = 0; i < 5; i++) {
      after(1_000, fast);
      client.say(get("b").charAt(5 + i));
    }
    expect(client.isClosing()).toBe(false);
    after(1, fast);
    expect([statuses(client.heard()), client.isClosing()]).toEqual([[404, 408], true]);
    expect(await fast.series('kv_http_requests_total{method="other",route="other",code="408"}')).toBe(1);
  });

  test("a client that always sends the next head early has time for each", () => {
    const fast = openFast();
    const client = fast.connect();
    for (let i = 0; i < 4; i++) {
      client.say(get("a").slice(i === 0 ? 0 : 5) + get("a").slice(0, 5));
      after(3_000, fast);
    }
    expect(statuses(client.heard())).toEqual([404, 404, 404, 404]);
  });

  test("head and body together have 10 s", async () => {
    const fast = openFast();
    const client = fast.connect();
    const request = put("a", "12345");
    client.say(request.slice(0, 10));
    after(4_000, fast);
    client.say(request.slice(10, -3));
    after(6_000, fast);
    client.say(request.slice(-3, -2));
    expect(client.isClosing()).toBe(false);
    after(1, fast);
    expect([statuses(client.heard()), client.isClosing()]).toEqual([[408], true]);
    client.say("45");
    expect(fast.store.stats().entries).toBe(0);
    client.socket.emit("close");
    expect([await fast.series(kv("PUT", 408)), await fast.series(kv("PUT", 499)), await fast.series("kv_http_requests_in_flight")]).toEqual([1, 0, 0]);
  });
});

describe("tokens", () => {
  const token = "a-token-of-the-tenant";
  const bearer = (value: string) => `Authorization: Bearer ${value}\r\n`;
  const open = () => {
    const auth = createTokenAuth({ monotonic: () => 0 });
    auth.setTokens([Buffer.from(token)]);
    let checks = 0;
    const fast = openFast({ auth: { ...auth, check: (...args) => (checks++, auth.check(...args)) } });
    return { auth, fast, checks: () => checks };
  };

  test("an accepted one is asked about once for each connection and each set of tokens", () => {
    const { auth, fast, checks } = open();
    const client = fast.connect();
    client.say(get("a", bearer(token)).repeat(3));
    expect([statuses(client.heard()), checks()]).toEqual([[404, 404, 404], 1]);
    auth.setTokens([Buffer.from(token), Buffer.from("another-token-of-it")]);
    client.say(get("a", bearer(token)));
    expect([statuses(client.heard()).length, checks()]).toEqual([4, 2]);
    auth.setTokens([Buffer.from("another-token-of-it")]);
    client.say(get("a", bearer(token)));
    expect(client.handedOver()).toBe(get("a", bearer(token)));
  });

  test.each([["none", ""], ["a wrong one", bearer("b-token-of-the-tenant")], ["a longer one", bearer(`${token}s`)], ["another scheme", `Authorization: Basic ${token}\r\n`], ["one without its scheme", `Authorization: ${token}\r\n`], ["an empty one", "Authorization: Bearer\r\n"]])("%s is refused, by the general server", (_, header) => {
    const { fast } = open();
    const client = fast.connect();
    client.say(get("a", bearer(token)));
    client.say(get("a", header));
    expect([statuses(client.heard()), client.handedOver()]).toEqual([[404], get("a", header)]);
  });

  test("a refused one is not asked about again while the answers before it are on their way", async () => {
    const { fast, checks } = open();
    const client = fast.connect();
    client.socket.stall();
    client.say(get("a", bearer(token)) + get("a", bearer("b-token-of-the-tenant")));
    client.socket.catchUp();
    await nextTurn();
    expect([client.handedOver(), checks()]).toEqual([get("a", bearer("b-token-of-the-tenant")), 2]);
  });
});

describe("counts", () => {
  test("each request once, with its operation, its time and the length of its value", async () => {
    const fast = openFast();
    fast.connect().say(story);
    for (const [series, n] of [
      [kv("PUT", 201), 2],
      [kv("PUT", 204), 1],
      [kv("PUT", 412), 1],
      [kv("GET", 200), 2],
      [kv("GET", 304), 1],
      [kv("GET", 404), 1],
      [kv("HEAD", 200), 1],
      [kv("DELETE", 204), 1],
      ['kv_operations_total{operation="get",result="hit"}', 4],
      ['kv_operations_total{operation="get",result="miss"}', 1],
      ['kv_operations_total{operation="put",result="ok"}', 3],
      ['kv_operations_total{operation="put",result="conflict"}', 1],
      ['kv_operations_total{operation="delete",result="hit"}', 1],
      ['kv_http_request_duration_seconds_count{route="kv"}', 10],
      ["kv_http_requests_in_flight", 0],
    ] as const)
      expect(await fast.series(series), series).toBe(n);
  });

  test("a bug in the store is a 500 without a word of it, and nothing half written goes out", async () => {
    const fast = openFast({
      store: (store) => ({
        ...store,
        get written() {
          return store.written;
        },
        contentType: () => {
          throw new Error("secret internals");
        },
      }),
    });
    const client = fast.connect();
    client.say(put("a", "1") + get("a") + get("b"));
    expect(statuses(client.heard())).toEqual([201, 500, 404]);
    expect(client.heard()).not.toContain("secret");
    expect(fast.lines[0]).toMatchObject({ level: "error", message: "request failed", fields: { err: new Error("secret internals") } });
    expect(await fast.series('kv_operations_total{operation="get",result="error"}')).toBe(1);
  });
});

describe("drain", () => {
  test("a connection's last answer says close; idle ones end when they are told to, busy ones after their answer", async () => {
    const fast = openFast();
    const [silent, idle, busy, stalled] = [fast.connect(), fast.connect(), fast.connect(), fast.connect()];
    idle.say(get("a"));
    busy.say(put("a", "12345").slice(0, -1));
    stalled.socket.stall();
    stalled.say(get("a"));
    fast.table.lastAnswers();
    const late = fast.connect();
    late.say(get("a") + get("b"));
    // what has arrived together is answered together
    expect([statuses(late.heard()), late.isClosing()]).toEqual([[404, 404], true]);
    expect(late.heard().split("Connection: close")).toHaveLength(2);
    expect(late.heard().split("Connection: keep-alive")).toHaveLength(2);
    fast.table.closeIdle();
    expect([silent, idle, busy, stalled].map((c) => c.isClosing())).toEqual([true, true, false, false]);
    busy.say("5");
    stalled.socket.catchUp();
    await nextTurn();
    expect([busy, stalled].map((c) => c.isClosing())).toEqual([true, true]);
    expect(busy.heard()).toMatch(/^HTTP\/1\.1 201 [\s\S]*Connection: close/);
  });
});
