// SIGTERM under load: clients that keep their connections see no reset, no request without its answer, and find the next server.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Pool, buildConnector } from "undici";
import { expect, test } from "vitest";
import { startResponder, type ResponderProcess } from "../process.ts";

const host = "Host: cache\r\n";
const get = (key: string, more = "") => `GET /v1/kv/${key} HTTP/1.1\r\n${host}${more}\r\n`;
const put = (key: string, value: string, more = "") => `PUT /v1/kv/${key} HTTP/1.1\r\n${host}Content-Length: ${value.length}\r\n${more}\r\n${value}`;
/** Sent with it, a request takes the general way. */
const general = "TE: trailers\r\n";

const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

interface Tally {
  answered: number;
  /** Connections that the server ended after its last answer. */
  ended: number;
  problems: string[];
}

/** Asks in rows of `pipelined` requests until the server ends the connection, as HTTP lets it. */
const askUntilClosed = async (port: number, name: string, tally: Tally, { pipelined, way }: { pipelined: number; way: string }): Promise<void> => {
  const socket: Socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let buffer = "";
  let waiting = 0;
  let toldToClose = false;
  const ask = () => {
    waiting = pipelined;
    const row = Array.from({ length: pipelined }, (_, i) => (i % 2 === 0 ? get(`${name}-${i}`, way) : put(`${name}-${i - 1}`, "v".repeat(50), way)));
    socket.write(row.join(""));
  };
  socket.on("data", (chunk: Buffer) => {
    buffer += chunk.toString("latin1");
    for (;;) {
      const end = buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = buffer.slice(0, end);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (buffer.length < end + 4 + length) return;
      buffer = buffer.slice(end + 4 + length);
      if (!/^HTTP\/1\.1 (20[014]|404) /.test(head)) tally.problems.push(`${name} was answered ${head.slice(0, 20)}`);
      toldToClose ||= /^connection: close/im.test(head);
      tally.answered++;
      waiting--;
      if (waiting === 0 && !toldToClose) ask();
    }
  });
  socket.on("error", (err) => tally.problems.push(`${name}: ${err.message}`));
  socket.on("end", () => {
    if (waiting > 0) tally.problems.push(`${name}: ended with ${waiting} of ${pipelined} requests not answered`);
    else if (!toldToClose) tally.problems.push(`${name}: ended without having been told`);
    else tally.ended++;
  });
  ask();
  await once(socket, "close");
};

/** Load of an undici pool, which opens a connection to the second server when the first accepts none. */
const pooled = (first: ResponderProcess, second: ResponderProcess, tally: Tally) => {
  const direct = buildConnector({});
  const pool = new Pool(first.api, {
    connections: 8,
    connect: (options, done) =>
      direct(options, (err, socket) => {
        if (err === null) done(null, socket);
        else direct({ ...options, port: String(second.ports.api) }, done);
      }),
  });
  const stop = new AbortController();
  const client = async (n: number) => {
    for (let i = 0; !stop.signal.aborted; i++) {
      const method = i % 3 === 0 ? "PUT" : "GET";
      try {
        const { statusCode, body } = await pool.request({ method, path: `/v1/kv/pool-${n}`, ...(method === "PUT" ? { body: Buffer.alloc(i % 300 === 0 ? 100_000 : 100, "x") } : {}) });
        await body.dump();
        if (statusCode >= 400 && statusCode !== 404) tally.problems.push(`the pool was answered ${statusCode}`);
        tally.answered++;
      } catch (err) {
        tally.problems.push(`the pool: ${String(err)}`);
      }
    }
  };
  const clients = Promise.all(Array.from({ length: 16 }, (_, n) => client(n)));
  return async () => {
    stop.abort();
    await clients;
    await pool.destroy();
  };
};

test("every request is answered, nothing is reset, and each connection is told of its end", async () => {
  await using first = await startResponder({ KVR_DRAIN_SECONDS: "20" });
  await using second = await startResponder();
  const tally: Tally = { answered: 0, ended: 0, problems: [] };
  const poolTally: Tally = { answered: 0, ended: 0, problems: [] };
  const stopPool = pooled(first, second, poolTally);
  const ways = [
    { pipelined: 1, way: "" },
    { pipelined: 1, way: general },
    { pipelined: 8, way: "" },
    { pipelined: 8, way: general },
  ];
  const connections = Array.from({ length: 40 }, (_, n) => askUntilClosed(first.ports.api, `client-${n}`, tally, ways[n % ways.length] ?? expect.fail()));
  await expect.poll(() => Math.min(tally.answered, poolTally.answered), { timeout: 20_000 }).toBeGreaterThan(2_000);

  first.signal("SIGTERM");
  await Promise.all(connections);
  expect(await first.ended).toBe(0);
  const then = poolTally.answered;
  await expect.poll(() => poolTally.answered, { timeout: 20_000 }).toBeGreaterThan(then + 500);
  await stopPool();
  expect(tally.problems).toEqual([]);
  expect(poolTally.problems).toEqual([]);
  expect(tally.ended).toBe(40);
});

test("idle clients that ask once more are answered; those that do not are ended, not reset", async () => {
  await using responder = await startResponder({ KVR_DRAIN_SECONDS: "8" });
  const clients = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const socket = connect(responder.ports.api, "127.0.0.1");
      await once(socket, "connect");
      const events: string[] = [];
      for (const event of ["end", "error"]) socket.on(event, () => events.push(event));
      socket.on("data", (chunk: Buffer) => events.push(...(chunk.toString("latin1").match(/HTTP\/1\.1 \d{3}|Connection: close/g) ?? [])));
      socket.write(get("a"));
      await expect.poll(() => events).toEqual(["HTTP/1.1 404"]);
      return { socket, events };
    }),
  );
  responder.signal("SIGTERM");
  await expect.poll(() => responder.lines.some((line) => line.msg === "stopping")).toBe(true);
  for (const { socket } of clients.slice(0, 5)) socket.write(get("a"));
  await Promise.all(clients.map(({ socket }) => once(socket, "close")));
  for (const { events } of clients.slice(0, 5)) expect(events).toEqual(["HTTP/1.1 404", "HTTP/1.1 404", "Connection: close", "end"]);
  for (const { events } of clients.slice(5)) expect(events).toEqual(["HTTP/1.1 404", "end"]);
  expect(await responder.ended).toBe(0);
});

test("a client that sends on after its last answer is not reset while it reads it", async () => {
  await using responder = await startResponder({ KVR_DRAIN_SECONDS: "8" });
  const value = "x".repeat(500_000);
  for (const way of ["", general]) {
    const socket = connect({ port: responder.ports.api, host: "127.0.0.1", allowHalfOpen: true });
    let heard = 0;
    let failed: Error | undefined;
    socket.on("error", (err) => (failed = err));
    socket.on("data", (chunk: Buffer) => void (heard += chunk.length));
    socket.write(put("large", value) + get("large", `${way}Connection: close\r\n`));
    await expect.poll(() => heard).toBeGreaterThan(100);
    // bytes that nobody will read any more
    for (let i = 0; i < 20 && !socket.destroyed; i++) {
      socket.write(get("a"));
      await nextTurn();
    }
    socket.end();
    await once(socket, "close");
    expect([failed, heard > value.length]).toEqual([undefined, true]);
  }
});
