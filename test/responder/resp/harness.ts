// A Redis-protocol server on a free loopback port, with its store, metrics and time at hand, and clients that send exact bytes.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { responderMetrics } from "#contract/metrics";
import { systemTimers } from "#lib/clock";
import { createTelemetry } from "#telemetry/instruments";
import { noAuth, type Auth } from "../../../responder/auth/auth.ts";
import type { RespLimits } from "../../../responder/resp/limits.ts";
import { createRespServer } from "../../../responder/resp/server.ts";
import type { Store } from "../../../responder/store/types.ts";
import { createModelStore } from "../../support/model-store.ts";

export interface Options {
  limits?: Partial<RespLimits>;
  auth?: Auth;
  maxValueBytes?: number;
  defaultTtlSeconds?: number;
  maxTtlSeconds?: number;
  ownBufferBytes?: number;
  wrap?: (store: Store) => Store;
}

/** `*2 $3 GET $1 k` */
export const frame = (...args: (string | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from(`*${args.length}\r\n`),
    ...args.flatMap((arg) => {
      const bytes = typeof arg === "string" ? Buffer.from(arg) : arg;
      return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")];
    }),
  ]);

export interface RawClient {
  readonly socket: Socket;
  /** All that has been received, as latin1. */
  received(): string;
  /** Resolves when what was received fulfils the test. */
  until(test: (received: string) => boolean): Promise<string>;
  send(bytes: Buffer | string): void;
  /** Sends and waits for exactly this answer, as the next bytes. */
  expect(bytes: Buffer | string, answer: string): Promise<void>;
  /** The server has closed its side; how: "reset" when with an error. */
  readonly ended: Promise<"fin" | "reset">;
}

export const openRaw = async (port: number): Promise<RawClient> => {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let failed = false;
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const each of waiting) each();
  };
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    changed();
  });
  socket.on("error", () => (failed = true));
  const ended = new Promise<"fin" | "reset">((resolve) => {
    socket.once("end", () => resolve("fin"));
    socket.once("close", () => resolve(failed ? "reset" : "fin"));
  });
  socket.once("close", changed);
  await once(socket, "connect");
  const until = (test: (received: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (!test(text) && !socket.destroyed) return;
        waiting.delete(look);
        if (test(text)) resolve(text);
        else reject(new Error(`closed after ${JSON.stringify(text.slice(-200))}`));
      };
      waiting.add(look);
      look();
    });
  let answered = 0;
  return {
    socket,
    ended,
    received: () => text,
    until,
    send: (bytes) => void socket.write(bytes),
    expect: async (bytes, answer) => {
      socket.write(bytes);
      const all = await until((received) => received.length >= answered + answer.length || (received.endsWith("\n") && received.length > answered && !answer.startsWith(received.slice(answered))));
      const got = all.slice(answered);
      answered += answer.length;
      if (got !== answer) throw new Error(`expected ${JSON.stringify(answer)}, got ${JSON.stringify(got)}`);
    },
  };
};

export const openResp = async ({ limits = {}, auth = noAuth, maxValueBytes = 2 ** 20, ownBufferBytes = 65_536, wrap = (s) => s, ...ttl }: Options = {}) => {
  let time = 1_700_000_000_000;
  const now = () => time;
  const store = wrap(createModelStore({ now, ownBufferBytes }));
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  const server = createRespServer({
    store,
    clock: { now, tick: now },
    timers: systemTimers,
    auth,
    metrics: telemetry.metrics,
    identity: { version: "1.2.3", tenant: "acme" },
    evictionPolicy: "TinyLFU",
    maxValueBytes,
    defaultTtlSeconds: ttl.defaultTtlSeconds,
    maxTtlSeconds: ttl.maxTtlSeconds,
    limits,
  });
  const { port } = await server.listen("127.0.0.1", 0);

  /** Value of one series in the exposition. */
  const series = async (name: string): Promise<number> => {
    const line = (await telemetry.render()).split("\n").find((l) => l.startsWith(`${name} `));
    if (line === undefined) throw new Error(`no series ${name}`);
    return Number(line.slice(name.length + 1));
  };
  return {
    port,
    server,
    store,
    series,
    now,
    advance: (ms: number) => void (time += ms),
    raw: () => openRaw(port),
    close: () => server.drain(0),
  };
};

export type Resp = Awaited<ReturnType<typeof openResp>>;
