// The Redis protocol without a network: clients on test sockets, over the model store, at a time that the test sets.
import { responderMetrics } from "#contract/metrics";
import { parseRuntime } from "#contract/runtime";
import { createTurnClock } from "#lib/turn-clock";
import { createTelemetry } from "#telemetry/instruments";
import type { Fields } from "#telemetry/logger";
import { noTracing } from "#telemetry/tracing";
import { noAuth, type Auth } from "../../../responder/auth/auth.ts";
import { createCommandObserver, type CommandObserverDeps } from "../../../responder/resp/command-observer.ts";
import { createClients } from "../../../responder/resp/clients.ts";
import type { RespLimits } from "../../../responder/resp/limits.ts";
import { putOutcome, type PutOutcome, type Store } from "../../../responder/store/types.ts";
import { createCapture } from "../http/harness.ts";
import { createFakePeers } from "../../support/fake-peers.ts";
import { manualTime } from "../../support/manual-time.ts";
import { createModelStore } from "../../support/model-store.ts";
import { createTestSocket, type TestSocket } from "./socket.ts";

export interface Options {
  limits?: Partial<RespLimits>;
  auth?: Auth;
  maxValueBytes?: number;
  defaultTtlSeconds?: number;
  maxTtlSeconds?: number;
  ownBufferBytes?: number;
  /** Absent: the pod is alone. */
  peers?: number;
  /** Absent: commands are only counted. */
  observed?: Partial<CommandObserverDeps>;
}

/** An array of bulk strings. */
export const frame = (...args: (string | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from(`*${args.length}\r\n`),
    ...args.flatMap((arg) => {
      const bytes = typeof arg === "string" ? Buffer.from(arg, "latin1") : arg;
      return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")];
    }),
  ]);

/** Words separated by spaces; "" is an empty one. */
export const words = (line: string): Buffer => frame(...line.split(" ").map((word) => (word === '""' ? "" : word)));

export const createService = ({ limits = {}, auth = noAuth, maxValueBytes = 1024, ownBufferBytes = 65_536, defaultTtlSeconds, maxTtlSeconds, peers: peerCount, observed }: Options = {}) => {
  const time = manualTime(1_700_000_000_000);
  const now = () => time.wall();
  const model = createModelStore({ now, ownBufferBytes });
  /** Buffers that were allocated and are neither put nor freed. */
  const loose = new Set<Buffer>();
  let borrowed = 0;
  let refuse: PutOutcome | undefined;
  let written = 0;
  const peers = createFakePeers({ peers: peerCount ?? 0, position: () => written, timers: time });
  const store: Store = {
    ...model,
    get written() {
      return model.written;
    },
    allocate: (bytes) => {
      const buffer = model.allocate(bytes);
      loose.add(buffer);
      return buffer;
    },
    free: (buffer) => {
      if (!loose.delete(buffer)) throw new Error("freed what was not allocated, or twice");
    },
    put: (key, keyFrom, keyTo, value, from, to, expiresAt) => {
      if (refuse !== undefined) return refuse;
      written++;
      const outcome = model.put(key, keyFrom, keyTo, value, from, to, expiresAt);
      if (from === 0 && to === value.length) loose.delete(value);
      return outcome;
    },
    peek: (key, from, to) => {
      if (key.toString("latin1", from, to) === "fault") throw new Error("a fault in the store");
      return model.peek(key, from, to);
    },
    borrowValue: (slot) => {
      const value = model.borrowValue(slot);
      if (!value) return undefined;
      borrowed++;
      let released = false;
      const release = () => {
        if (released) throw new Error("released twice");
        released = true;
        borrowed--;
      };
      return { bytes: value.bytes, release };
    },
  };
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  const errors: Fields[] = [];
  const requests = parseRuntime("{}").requests;
  const observer =
    observed && createCommandObserver({ log: createCapture().log, tracing: noTracing, clock: time, logging: () => requests, hashKey: (_bytes, from, to) => `hash of ${to - from} bytes`, onSpent: () => {}, ...observed });
  const clients = createClients({
    store,
    clock: createTurnClock(time),
    timers: time,
    auth,
    metrics: telemetry.metrics,
    log: { error: (fields) => void errors.push(fields) },
    identity: { version: "1.2.3", tenant: "acme" },
    evictionPolicy: "TinyLFU",
    maxValueBytes,
    defaultTtlSeconds,
    maxTtlSeconds,
    limits,
    ...(peerCount === undefined ? {} : { replication: peers }),
    ...(observer && { observer }),
  });
  const connect = (): TestSocket => {
    const test = createTestSocket();
    clients.accept(test.socket);
    return test;
  };
  /** Value of one series in the exposition. */
  const series = async (name: string): Promise<number> => {
    const line = (await telemetry.render()).split("\n").find((l) => l.startsWith(`${name} `));
    if (line === undefined) throw new Error(`no series ${name}`);
    return Number(line.slice(name.length + 1));
  };
  return { clients, connect, store, errors, series, time, peers, loose, borrowed: () => borrowed, refuse: (outcome?: "full" | "tooLarge") => void (refuse = outcome && putOutcome[outcome]) };
};

/** One client that says one thing after the other, and hears each answer: `ask("SET a 1")` -> "+OK\r\n". */
export const createDialogue = (options: Options = {}) => {
  const service = createService(options);
  const client = service.connect();
  const say = async (bytes: Buffer | string): Promise<string> => {
    const before = client.sent().length;
    await client.arrive(bytes);
    return client.sent().slice(before);
  };
  return { ...service, client, say, ask: (line: string) => say(words(line)) };
};

export const ok = "+OK\r\n";
export const nil = "$-1\r\n";
export const integer = (n: number | bigint) => `:${n}\r\n`;
export const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
export const array = (...items: string[]) => `*${items.length}\r\n${items.join("")}`;
export const error = (text: string) => `-${text}\r\n`;
