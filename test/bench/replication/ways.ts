// The ways to replicate that are compared: none, our frames, and a POST for each key, which is the usual design.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock, systemTimers } from "#lib/clock";
import type { TurnClock } from "#lib/turn-clock";
import { noTracing } from "#telemetry/tracing";
import { createStaticPeers } from "../../../responder/peers/static.ts";
import { listenTcp, tcpNetwork } from "../../../responder/peers/tcp.ts";
import { createJournal } from "../../../responder/replication/journal.ts";
import { noObserver } from "../../../responder/replication/observer.ts";
import { createReplication, type ReplicationProcess } from "../../../responder/replication/replication.ts";
import type { Store, StoreOptions } from "../../../responder/store/types.ts";

export interface NodeSettings {
  readonly way: "none" | "frames" | "post";
  readonly node: number;
  /** Where it listens for its peer. */
  readonly port: number;
  readonly peerPort: number;
}

interface Way {
  readonly journal?: NonNullable<StoreOptions["replication"]>;
  readonly port: number;
  readonly connected: number;
  readonly queued: number;
  use(store: Store): void;
  written(key: Buffer, value: Buffer): void;
  pause(): Promise<unknown>;
  /** Resolves when the peer has everything. */
  arrived(): Promise<unknown>;
  /** From now on nobody waits for the peer. */
  abandon(): void;
}

const quiet = () => {};
const nextTurn = () => new Promise((next) => setImmediate(next));

const none = (): Promise<Way> =>
  Promise.resolve({ port: 0, connected: 0, queued: 0, use: () => {}, written: () => {}, pause: nextTurn, arrived: () => Promise.resolve(), abandon: () => {} });

const frames = ({ port, peerPort, node }: NodeSettings, turn: TurnClock): Promise<Way> => {
  const journal = createJournal();
  const own: { replication?: ReplicationProcess } = {};
  const wait = { isWanted: true };
  return Promise.resolve({
    journal: { journal, retentionMs: 600_000, warming: true },
    port,
    get connected() {
      return own.replication?.connected ?? 0;
    },
    get queued() {
      return own.replication?.queued ?? 0;
    },
    use: (store) => {
      const running = createReplication({
        tracing: noTracing,
        store,
        journal,
        realm: { tenant: "bench", cluster: "bench/bench" },
        identity: { uid: `bench-${node}`, boot: randomBytes(8).toString("hex"), host: "127.0.0.1", port },
        node,
        key: Buffer.alloc(32, "bench"),
        source: createStaticPeers([{ host: "127.0.0.1", port: peerPort }]),
        network: tcpNetwork,
        clock: systemClock,
        timers: systemTimers,
        random: Math.random,
        nonce: () => randomBytes(16),
        defer: setImmediate,
        log: { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet },
        observer: noObserver,
        tick: () => void turn.tick(),
        load: () => 0,
        level: () => "local",
        warmupMs: 1_000,
        expected: () => 1,
      });
      own.replication = running;
      void listenTcp("127.0.0.1", port, running.accept).then(() => running.start());
    },
    written: () => {},
    pause: nextTurn,
    arrived: async () => {
      while (wait.isWanted && (own.replication?.queued ?? 0) > 0) await nextTurn();
    },
    abandon: () => void (wait.isWanted = false),
  });
};

/** Requests at once, each on a connection that is kept. */
const inFlight = 64;

/** As it is written everywhere: JSON, fetched or posted for each key, with as many in flight as connections. The version travels too, and the peer compares. */
const post = async ({ port, peerPort }: NodeSettings): Promise<Way> => {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  let store: Store | undefined;
  const requests = { open: 0, wakeUp: () => {} };
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
    incoming.on("end", () => {
      const { key, value, ms, counter, node } = JSON.parse(Buffer.concat(chunks).toString()) as { key: string; value: string; ms: number; counter: number; node: number };
      const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value, "base64")];
      store?.replica.merge({ key: keyBytes, keyFrom: 0, keyTo: keyBytes.length, ms, counter, node, kind: "value", expiresAt: 0, contentType: undefined, value: valueBytes, valueFrom: 0, valueTo: valueBytes.length });
      response.writeHead(204).end();
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    // a store that draws versions which may be compared with others
    journal: { journal: createJournal(), retentionMs: 600_000, warming: false },
    port: (server.address() as AddressInfo).port,
    connected: 1,
    get queued() {
      return requests.open;
    },
    use: (given) => void (store = given),
    written: (key, value) => {
      if (!store) return;
      const version = store.version(store.written);
      const body = JSON.stringify({ key: key.toString("latin1"), value: value.toString("base64"), ...version });
      requests.open++;
      const sending = request({ host: "127.0.0.1", port: peerPort, path: "/replicate", method: "POST", agent, headers: { "content-type": "application/json", "content-length": body.length } }, (response) => {
        response.resume();
        response.on("end", () => {
          requests.open--;
          requests.wakeUp();
        });
      });
      sending.end(body);
    },
    pause: async () => {
      while (requests.open >= inFlight) await new Promise<void>((woken) => (requests.wakeUp = woken));
    },
    arrived: async () => {
      while (requests.open > 0) await new Promise<void>((woken) => (requests.wakeUp = woken));
      agent.destroy();
    },
    abandon: () => {},
  };
};

export const ways: Readonly<Record<NodeSettings["way"], (settings: NodeSettings, turn: TurnClock) => Promise<Way>>> = { none, frames, post };
