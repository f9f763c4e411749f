// The fast path's connections on sockets that are none: what a client says and hears, byte for byte, in the test's own time.
import { createOutputBudget } from "#lib/output-budget";
import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { responderMetrics } from "#contract/metrics";
import { createTurnClock } from "#lib/turn-clock";
import { createTelemetry } from "#telemetry/instruments";
import { noAuth, type Auth } from "../../../responder/auth/auth.ts";
import { createBodyBudget } from "../../../responder/http/body.ts";
import { createCloser } from "../../../responder/http/connection-close.ts";
import { observeConnections } from "../../../responder/http/connection-observer.ts";
import { createConnectionTable } from "../../../responder/http/connection-table.ts";
import { testRecorder } from "../../support/recorder.ts";
import { defaultLimits, type HttpLimits } from "../../../responder/http/limits.ts";
import type { Replication } from "../../../responder/replication/port.ts";
import type { Store } from "../../../responder/store/types.ts";
import { manualTime } from "../../support/manual-time.ts";
import { createModelStore } from "../../support/model-store.ts";
import { createCapture } from "./harness.ts";

export interface FastOptions {
  limits?: Partial<HttpLimits>;
  maxValueBytes?: number;
  budgetBytes?: number;
  ownBufferBytes?: number;
  auth?: Auth;
  store?: (store: Store) => Store;
  replication?: Pick<Replication, "level" | "within">;
}

/** The server's end of a connection whose client reads everything at once, unless it is told to `stall`. */
class FakeSocket extends Duplex {
  readonly heard: Buffer[] = [];
  readonly remoteAddress = "192.0.2.1";
  readonly timeouts: number[] = [];
  writes = 0;
  #stalled: (() => void)[] | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }
  override _read(): void {}
  override _write(chunk: Buffer, _: string, done: () => void): void {
    if (chunk.length > 0) this.writes++;
    // a copy: the server may use its buffer again as soon as it believes the bytes to be sent
    const take = (): void => {
      this.heard.push(Buffer.from(chunk));
      done();
    };
    if (this.#stalled) this.#stalled.push(take);
    else take();
  }
  stall(): void {
    this.#stalled = [];
  }
  /** Reads what has waited, and from now on at once. */
  catchUp(): void {
    const waiting = this.#stalled ?? [];
    this.#stalled = undefined;
    for (const take of waiting) take();
  }
  setTimeout(ms: number, then?: () => void): this {
    this.timeouts.push(ms);
    if (then) this.once("timeout", then);
    return this;
  }
}

export const openFast = ({ limits: given = {}, maxValueBytes = 1_000_000, budgetBytes = 2e6, ownBufferBytes = 65_536, auth = noAuth, store: wrap = (s) => s, replication }: FastOptions = {}) => {
  const time = manualTime();
  const turn = createTurnClock(time);
  const inner = createModelStore({ now: turn.now, ownBufferBytes });
  const operations: string[] = [];
  const text = (bytes: Buffer, from: number, to: number) => bytes.toString("latin1", from, to);
  const store = wrap({
    ...inner,
    get written() {
      return inner.written;
    },
    find: (key, from, to) => {
      operations.push(`GET ${text(key, from, to)}`);
      return inner.find(key, from, to);
    },
    put: (key, from, to, value, valueFrom, valueTo, ...rest) => {
      operations.push(`PUT ${text(key, from, to)}=${text(value, valueFrom, valueTo)}`);
      return inner.put(key, from, to, value, valueFrom, valueTo, ...rest);
    },
    delete: (key, from, to) => {
      operations.push(`DELETE ${text(key, from, to)}`);
      return inner.delete(key, from, to);
    },
  });
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  const { log, lines } = createCapture();
  const limits = { ...defaultLimits, ...given };
  const handedOver = new Map<Socket, Buffer>();
  const closer = createCloser({ lingerMs: limits.lingerMs, now: turn.now });
  const table = createConnectionTable({
    store,
    rules: { maxValueBytes, defaultTtlSeconds: undefined, maxTtlSeconds: undefined },
    budget: createBodyBudget(budgetBytes),
    outputs: createOutputBudget(limits.outputBytes),
    turn,
    log,
    limits,
    recorder: testRecorder({ metrics: telemetry.metrics, log, clock: time }),
    auth,
    observer: observeConnections(telemetry.metrics),
    closer,
    handOver: ({ socket }, rest) => void handedOver.set(socket, rest),
    ...(replication ? { replication } : {}),
  });

  const connect = () => {
    const socket = new FakeSocket();
    const asNet = socket as unknown as Socket;
    table.accept(asNet);
    return {
      socket,
      /** At once, as one chunk. */
      say: (bytes: Buffer | string) => {
        const chunk = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
        socket.emit("data", chunk);
      },
      heard: () => Buffer.concat(socket.heard).toString("latin1"),
      /** What was left for the general server; undefined: the connection is still ours. */
      handedOver: () => handedOver.get(asNet)?.toString("latin1"),
      isClosing: () => closer.isClosing(asNet),
    };
  };

  const series = async (name: string): Promise<number> => {
    const line = (await telemetry.render()).split("\n").find((l) => l.startsWith(`${name} `));
    if (line === undefined) throw new Error(`no series ${name}`);
    return Number(line.slice(name.length + 1));
  };
  /** As the server's one timer does it. */
  const check = () => {
    turn.tick();
    closer.check();
    table.check();
  };
  /** What the store was asked for, in order. */
  return { operations, store, table, time, lines, connect, series, check };
};

export type Client = ReturnType<ReturnType<typeof openFast>["connect"]>;

/** Status lines of what was heard. */
/** With every version alike: two runs draw different ones. */
export const withoutVersions = (heard: string): string => heard.replaceAll(/[0-9a-f]{24}/g, "version");

export const statuses = (heard: string): number[] => [...heard.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((m) => Number(m[1]));
