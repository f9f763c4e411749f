// The whole of one pod's replication, with connections that a test holds the other end of.
import { createJournal } from "../../../responder/replication/journal.ts";
import type { Observer } from "../../../responder/replication/observer.ts";
import { createReplication } from "../../../responder/replication/replication.ts";
import { createDeframer, frame, frameType, maxFrameBytes } from "../../../responder/replication/frames.ts";
import { readChallenge, writeChallenge, writeHello, type Realm } from "../../../responder/replication/handshake.ts";
import type { Identity } from "../../../responder/peers/identity.ts";
import type { Conn, ConnHandlers } from "../../../responder/peers/network.ts";
import type { PeerAddress } from "../../../responder/peers/source.ts";
import { manualTime } from "../../support/manual-time.ts";
import { createReplica, startOfTime } from "./replica.ts";
import { noTracing } from "#telemetry/tracing";

export const realm: Realm = { tenant: "t", cluster: "n/t" };
export const key = Buffer.from("the key of this tenant's proofs.");
export const identityOf = (uid: string, boot: number): Identity => ({ uid, boot: boot.toString(16).padStart(16, "0"), node: 1000 + boot, host: `${uid}.example`, port: 7946 });

/** The other end of a connection of the pod. */
export interface FarEnd {
  /** What the pod wrote and was not looked at yet: type and payload of each frame. */
  take(): { type: number; payload: Buffer }[];
  /** The pod has ended it. */
  readonly isClosed: boolean;
  /** Bytes that the pod wrote. */
  readonly wrote: number;
  readonly handlers: ConnHandlers;
}

const createFarEnd = (use: (conn: Conn) => ConnHandlers): FarEnd => {
  const frames: { type: number; payload: Buffer }[] = [];
  const deframer = createDeframer(
    (type, bytes, from, to) => void frames.push({ type, payload: Buffer.from(bytes.subarray(from, to)) }),
    () => true,
  );
  deframer.maxBytes = maxFrameBytes;
  let isClosed = false;
  let wrote = 0;
  const handlers = use({
    remoteHost: "far",
    write: (bytes) => {
      if (isClosed) throw new Error("written after it was closed");
      wrote += bytes.length;
      deframer.push(Buffer.from(bytes));
      return true;
    },
    close: () => void (isClosed = true),
  });
  return {
    take: () => frames.splice(0),
    get isClosed() {
      return isClosed;
    },
    get wrote() {
      return wrote;
    },
    handlers,
  };
};

const noLog = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} };

export const createFuzzedPod = (maxBytes = 4 * 2 ** 20) => {
  const time = manualTime(startOfTime);
  const journal = createJournal();
  const replica = createReplica({ maxBytes, journal, warming: true });
  const dialled: { address: PeerAddress; end: FarEnd }[] = [];
  const counted = { protocol: 0, refused: 0, ahead: 0, received: 0 };
  const observer: Observer = {
    message: () => {},
    sent: () => {},
    received: () => void counted.received++,
    conflict: () => undefined, ahead: () => void counted.ahead++,
    refused: (reason) => void (reason === "protocol" ? counted.protocol++ : counted.refused++),
    diverged: () => {},
  };
  const turn: (() => void)[] = [];
  const replication = createReplication({
    tracing: noTracing,
    store: replica.store,
    journal,
    realm,
    identity: identityOf("pod", 1),
    node: 1,
    key,
    source: { start: (tell) => tell([{ host: "far.example", port: 7946 }]), stop: () => {} },
    network: {
      dial: (address, handlers) => {
        let conn: Conn | undefined;
        const end = createFarEnd((given) => {
          conn = given;
          return handlers;
        });
        dialled.push({ address, end });
        return conn!;
      },
    },
    clock: time,
    timers: time,
    random: () => 0.5,
    nonce: () => Buffer.alloc(16, dialled.length),
    defer: (run) => void turn.push(run),
    log: noLog,
    observer,
    tick: () => void (replica.time.now = Math.floor(time.wall())),
    load: () => 0,
    level: () => "local",
    warmupMs: 1_000,
  });
  replication.start();
  let boot = 100;
  return {
    ...replica,
    time,
    replication,
    counted,
    dialled,
    /** What was put off until the end of the turn. */
    endTurn: () => {
      for (const run of turn.splice(0)) run();
    },
    /** A connection to the pod, nothing said yet. */
    connect: () => createFarEnd((conn) => replication.accept(conn)),
    /** One whose proof was accepted. Of another start of the far pod each time that `isNew`. */
    join: (isNew: boolean): FarEnd => {
      if (isNew) boot++;
      const end = createFarEnd((conn) => replication.accept(conn));
      const hello = writeHello(realm, identityOf("far", boot), Buffer.alloc(16, 7));
      end.handlers.onData(frame(frameType.hello, hello));
      const [challenge] = end.take();
      if (challenge?.type !== frameType.challenge) throw new Error("no challenge came");
      const answer = readChallenge(key, hello, challenge.payload, 0, challenge.payload.length);
      if (!answer) throw new Error("the pod does not know the secret");
      end.handlers.onData(frame(frameType.proof, answer.proof));
      if (end.take()[0]?.type !== frameType.ready) throw new Error("it was not let in");
      return end;
    },
    /** The pod's own connection to the far pod, its proof accepted; undefined: it has not dialled again yet. */
    answer: (): FarEnd | undefined => {
      const end = dialled.findLast(({ address }) => address.host === "far.example")?.end;
      if (!end || end.isClosed || end.wrote > 0) return undefined;
      end.handlers.onOpen();
      const [hello] = end.take();
      const { challenge } = writeChallenge(key, hello!.payload, identityOf("far", boot), Buffer.alloc(16, 9));
      end.handlers.onData(frame(frameType.challenge, challenge));
      if (end.take()[0]?.type !== frameType.proof) throw new Error("no proof came");
      end.handlers.onData(frame(frameType.ready));
      return end;
    },
  };
};
