// An API server on a free loopback port, with its store, metrics and log at hand, and a client that sends exact bytes.
import { responderMetrics } from "#contract/metrics";
import { systemClock, systemTimers, type Timers } from "#lib/clock";
import { createTurnClock } from "#lib/turn-clock";
import { createTelemetry } from "#telemetry/instruments";
import type { Fields, Log } from "#telemetry/logger";
import { Agent, request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { createApi } from "../../../responder/http/app.ts";
import { createBodyBudget } from "../../../responder/http/body.ts";
import { observeConnections } from "../../../responder/http/connection-observer.ts";
import { testRecorder } from "../../support/recorder.ts";
import { createHttpServer } from "../../../responder/http/server.ts";
import type { HttpLimits } from "../../../responder/http/limits.ts";
import type { Auth } from "../../../responder/auth/auth.ts";
import type { Replication } from "../../../responder/replication/port.ts";
import type { Journal, Store } from "../../../responder/store/types.ts";
import { createStore } from "../../../responder/store/store.ts";

export interface Line {
  level: string;
  fields: Fields;
  message: string;
}

export const createCapture = (): { log: Log; lines: Line[] } => {
  const lines: Line[] = [];
  const at = (level: string) => (fields: Fields, message: string) => void lines.push({ level, fields, message });
  return { lines, log: { trace: at("trace"), debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") } };
};

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Options {
  maxBytes?: number;
  maxValueBytes?: number;
  budgetBytes?: number;
  defaultTtlSeconds?: number;
  maxTtlSeconds?: number;
  limits?: Partial<HttpLimits>;
  store?: (store: Store) => Store;
  /** false: every request takes the general way. */
  fast?: boolean;
  auth?: Auth;
  /** With it the store remembers deletions, too. */
  replication?: (store: Store) => Replication;
  /** Of the routes; connections keep real time. */
  timers?: Timers;
}

/** Of a store whose changes nobody follows, and which forgets nothing. */
const silentJournal: Journal = { changed: () => {}, rangeChanged: () => {}, isKnown: () => false, forgotten: () => {}, freed: () => {}, cleared: () => {} };

export const openApi = async ({ maxBytes = 64 * 2 ** 20, maxValueBytes = 1000, budgetBytes = 2e6, defaultTtlSeconds, maxTtlSeconds, limits = {}, store: wrap = (s) => s, fast = true, auth, replication: replicate, timers = systemTimers }: Options = {}) => {
  let time = 1_700_000_000_000;
  const now = () => time;
  const remembers = replicate && { replication: { journal: silentJournal, retentionMs: 600_000, warming: false } };
  const store = wrap(createStore({ maxBytes, evictionPolicy: "TinyLFU", hashSeed: Buffer.from("harness!"), now, node: 1, ...remembers }));
  const replication = replicate?.(store);
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  const { metrics } = telemetry;
  const { log, lines } = createCapture();
  const rules = { maxValueBytes, defaultTtlSeconds, maxTtlSeconds };
  const bodies = createBodyBudget(budgetBytes);
  const server = createHttpServer({
    app: createApi({
      log,
      exposition: telemetry,
      kv: { store, rules, bodies },
      timers,
      ...(replication ? { replication } : {}),
    }),
    recorder: testRecorder({ metrics, log, clock: systemClock }),
    timers: systemTimers,
    limits: { checkMs: 20, ...limits },
    observer: observeConnections(metrics),
    ...(fast ? { fast: { store, rules, budget: bodies, turn: createTurnClock(), log, ...(replication ? { replication } : {}) } } : {}),
    ...(auth ? { auth } : {}),
  });
  const { port } = await server.listen("127.0.0.1", 0);
  const agent = new Agent({ keepAlive: true });

  const send = (method: string, path: string, { headers = {}, body, via = agent }: { headers?: OutgoingHttpHeaders; body?: Buffer | string; via?: Agent } = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const req = request({ port, host: "127.0.0.1", method, path, headers, agent: via }, (res) => {
        const chunks: Buffer[] = [];
        res.on("data", (chunk: Buffer) => chunks.push(chunk));
        res.on("end", () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }));
        res.on("error", reject);
      });
      req.on("error", reject);
      req.end(body);
    });

  /** A connection that says exactly these bytes; `text` resolves when the server closes it. */
  const raw = async (bytes: string): Promise<{ socket: Socket; closed: Promise<string> }> => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // a reset after the answer still is an answer
    socket.on("error", () => {});
    const closed = new Promise<string>((resolve) => void socket.once("close", () => resolve(Buffer.concat(chunks).toString("latin1"))));
    await once(socket, "connect");
    socket.write(bytes, "latin1");
    return { socket, closed };
  };

  /** Value of one series in the exposition. */
  const series = async (name: string): Promise<number> => {
    const line = (await telemetry.render()).split("\n").find((l) => l.startsWith(`${name} `));
    if (line === undefined) throw new Error(`no series ${name}`);
    return Number(line.slice(name.length + 1));
  };

  return {
    port,
    store,
    server,
    lines,
    send,
    raw,
    series,
    render: telemetry.render,
    advance: (ms: number) => void (time += ms),
    close: async () => {
      agent.destroy();
      await server.drain(0);
    },
  };
};

export type Api = Awaited<ReturnType<typeof openApi>>;
export const codeOf = (answer: Answer): unknown => (JSON.parse(answer.body.toString()) as { code: unknown }).code;
