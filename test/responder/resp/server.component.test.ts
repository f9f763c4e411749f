// On real sockets: how connections end when the process is told to stop, and that no end is a reset.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { responderMetrics } from "#contract/metrics";
import { systemTimers } from "#lib/clock";
import { createTurnClock } from "#lib/turn-clock";
import { createTelemetry } from "#telemetry/instruments";
import { describe, expect, onTestFinished, test } from "vitest";
import { noAuth } from "../../../responder/auth/auth.ts";
import type { RespLimits } from "../../../responder/resp/limits.ts";
import { createRespServer } from "../../../responder/resp/server.ts";
import { createModelStore } from "../../support/model-store.ts";
import { bulk, error, frame, integer, ok, words } from "./clients.ts";

const open = async (limits: Partial<RespLimits> = {}) => {
  const clock = createTurnClock();
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  const server = createRespServer({
    store: createModelStore({ now: clock.now }),
    clock,
    timers: systemTimers,
    auth: noAuth,
    metrics: telemetry.metrics,
    log: { error: () => {} },
    identity: { version: "1.2.3", tenant: "acme" },
    evictionPolicy: "TinyLFU",
    maxValueBytes: 8 * 2 ** 20,
    defaultTtlSeconds: undefined,
    maxTtlSeconds: undefined,
    limits,
  });
  const { port } = await server.listen("127.0.0.1", 0);
  let drained: Promise<number> | undefined;
  const drain = (ms: number) => (drained ??= server.drain(ms));
  onTestFinished(async () => void (await drain(0)));
  const series = async (name: string) => Number((await telemetry.render()).split("\n").find((l) => l.startsWith(`${name} `))?.slice(name.length + 1));
  return { port, drain, series };
};

interface Peer {
  readonly socket: Socket;
  received(): string;
  until(test: (received: string) => boolean): Promise<void>;
  /** How the server ended it. */
  readonly ended: Promise<"fin" | "reset">;
}

const dial = async (port: number): Promise<Peer> => {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let failed = false;
  const changed = new Set<() => void>();
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    for (const each of changed) each();
  });
  socket.on("error", () => (failed = true));
  const ended = new Promise<"fin" | "reset">((resolve) => {
    socket.once("end", () => resolve("fin"));
    socket.once("close", () => resolve(failed ? "reset" : "fin"));
  });
  await once(socket, "connect");
  const until = (test: (received: string) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!test(text)) return;
        changed.delete(look);
        resolve();
      };
      changed.add(look);
      look();
    });
  return { socket, ended, until, received: () => text };
};

describe("drain", () => {
  test("closes idle connections at once, with a FIN", async () => {
    const { port, drain } = await open();
    const peers = await Promise.all([dial(port), dial(port)]);
    for (const { socket, until } of peers) {
      socket.write("PING\r\n");
      await until((text) => text === "+PONG\r\n");
    }
    const cut = drain(60_000);
    for (const { ended, socket } of peers) {
      expect(await ended).toBe("fin");
      socket.end();
    }
    expect(await cut).toBe(0);
    await expect(dial(port)).rejects.toThrow("ECONNREFUSED");
  });

  /** Sends one command after the other, each after the answer to the last, until told to stop; then waits for the FIN. */
  const busyClient = async (port: number, goesOn: (sent: number) => boolean) => {
    const { socket, ended, until, received } = await dial(port);
    const state = { over: false };
    const fin = ended.then(() => (state.over = true));
    const answered = () => received().split("\r\n").length - 1;
    let sent = 0;
    while (!state.over && goesOn(sent)) {
      socket.write("INCR a\r\n");
      sent++;
      await Promise.race([until(() => answered() >= sent), fin]);
    }
    const end = await ended;
    socket.end();
    return { end, unanswered: sent - answered() };
  };

  test("waits for busy clients to be quiet, so that none of their commands is lost", async () => {
    const { port, drain } = await open();
    let draining = false;
    const seen = { most: 0 };
    let since = 0;
    const goesOn = (sent: number) => {
      seen.most = Math.max(seen.most, sent);
      if (draining) since++;
      return since < 2000;
    };
    const clients = Array.from({ length: 20 }, () => busyClient(port, goesOn));
    while (seen.most < 50) await new Promise((resolve) => setImmediate(resolve));
    draining = true;
    expect(await drain(60_000)).toBe(0);
    expect(since).toBeGreaterThanOrEqual(2000);
    expect(await Promise.all(clients)).toEqual(Array.from({ length: 20 }, () => ({ end: "fin", unanswered: 0 })));
  });

  test("does not wait for ever for clients that are never quiet: they lose what crosses the FIN", async () => {
    const { port, drain } = await open({ patienceMs: 100 });
    const seen = { busy: 0 };
    const clients = Array.from({ length: 5 }, () =>
      busyClient(port, (sent) => {
        if (sent === 50) seen.busy++;
        return true;
      }),
    );
    while (seen.busy < 5) await new Promise((resolve) => setImmediate(resolve));
    expect(await drain(60_000)).toBe(0);
    for (const { end, unanswered } of await Promise.all(clients)) {
      expect(end).toBe("fin");
      expect(unanswered).toBeLessThanOrEqual(1);
    }
  });

  test("answers all of a pipeline that has arrived, however long its turns take", async () => {
    const { port, drain } = await open({ workPerTurn: 10 });
    const { socket, ended, until, received } = await dial(port);
    const commands = 5_000;
    socket.write(Buffer.concat(Array.from({ length: commands }, () => words("INCR a"))));
    await until((text) => text.length > 0);
    const cut = drain(60_000);
    expect(await ended).toBe("fin");
    socket.end();
    expect(await cut).toBe(0);
    expect(received()).toBe(Array.from({ length: commands }, (_, i) => integer(i + 1)).join(""));
  });

  test("waits for the rest of a command", async () => {
    const { port, drain } = await open();
    const { socket, ended, until, received } = await dial(port);
    const value = "v".repeat(300_000);
    const bytes = frame("SET", "a", value);
    socket.write(Buffer.concat([words("PING"), bytes.subarray(0, 200_000)]));
    await until((text) => text === "+PONG\r\n");
    const cut = drain(60_000);
    socket.write(bytes.subarray(200_000));
    expect(await ended).toBe("fin");
    socket.end();
    expect(await cut).toBe(0);
    expect(received()).toBe(`+PONG\r\n${ok}`);
  });

  test("cuts what is left when its time is over, and counts it", async () => {
    const { port, drain } = await open();
    const [unfinished, silent] = await Promise.all([dial(port), dial(port)]);
    unfinished.socket.write("PING\r\n*2\r\n$3\r\n");
    await unfinished.until((text) => text === "+PONG\r\n");
    const cut = drain(300);
    expect(await silent.ended).toBe("fin");
    expect(await cut).toBe(1);
    unfinished.socket.destroy();
  });

  test("does not wait for ever for clients that never close their side", async () => {
    const { port, drain } = await open({ lingerMs: 50 });
    const { ended, socket } = await dial(port);
    const cut = drain(60_000);
    expect(await ended).toBe("fin");
    expect(await cut).toBe(0);
    socket.destroy();
  });

  test("takes what comes after the FIN without a reset", async () => {
    const { port, drain } = await open();
    const { ended, socket, received } = await dial(port);
    const cut = drain(60_000);
    expect(await ended).toBe("fin");
    socket.write(words("INCR a"));
    socket.end();
    let failed = false;
    socket.on("error", () => (failed = true));
    expect(await cut).toBe(0);
    expect(failed).toBe(false);
    expect(received()).toBe("");
  });
});

test("a client above the cap reads why, even if it has sent something", async () => {
  const { port } = await open({ connections: 1 });
  const first = await dial(port);
  first.socket.write("PING\r\n");
  await first.until((text) => text === "+PONG\r\n");
  const second = await dial(port);
  second.socket.write("PING\r\n".repeat(1000));
  expect(await second.ended).toBe("fin");
  expect(second.received()).toBe(error("ERR max number of clients reached"));
  second.socket.end();
});

test("a client that reads nothing is closed once it has stalled, and nobody else waits for it", async () => {
  const { port, series } = await open({ stalledMs: 200 });
  const [slow, other] = await Promise.all([dial(port), dial(port)]);
  slow.socket.pause();
  const value = "v".repeat(2 ** 20);
  slow.socket.write(frame("SET", "a", value));
  for (let i = 0; i < 50; i++) slow.socket.write(words("GET a"));
  const closed = 'kv_slow_readers_closed_total{protocol="resp"}';
  for (let n = 1; (await series(closed)) === 0; n++) {
    other.socket.write("PING\r\n");
    await other.until((text) => text === "+PONG\r\n".repeat(n));
  }
  expect(await series(closed)).toBe(1);
  slow.socket.destroy();
});

test("large values go and come through real sockets", async () => {
  const { port } = await open();
  const { socket, until, received } = await dial(port);
  const value = Buffer.alloc(2 * 2 ** 20, "large value ");
  socket.write(Buffer.concat([frame("SET", "a", value), words("GET a"), words("STRLEN a"), words("GET a"), words("PING")]));
  await until((text) => text.endsWith("+PONG\r\n"));
  expect(received() === `${ok}${bulk(value.toString("latin1"))}${integer(value.length)}${bulk(value.toString("latin1"))}+PONG\r\n`).toBe(true);
  socket.destroy();
});
