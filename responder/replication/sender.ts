// The connection that we dialled: shows who we are, sends our records in their order, asks the peer for what only it can tell.
import { memberId } from "../peers/identity.ts";
import type { Member } from "../peers/membership.ts";
import type { Conn, Network } from "../peers/network.ts";
import type { PeerAddress } from "../peers/source.ts";
import type { Range } from "../store/ranges.ts";
import { createDeframer, frame, frameType } from "./frames.ts";
import { readChallenge, readRefusal, writeHello, type Refusal } from "./handshake.ts";
import { writeHeartbeat, readHeartbeatReply } from "./heartbeat.ts";
import type { Hub, LinkEvents } from "./hub.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import type { TracedWrite } from "./backlog.ts";
import { recordBytes, traceFrameBytes, writeRecord, writeTrace } from "./records.ts";
import { createReplicating } from "./replicating.ts";
import { FrameError, Reader, Writer } from "./wire.ts";

const handshakeMs = 3_000;
/** Sent in one turn of the event loop, unless one value alone is larger. */
const flushBytes = 65_536;
/** Answers of the peer: the largest is a list of one bucket. */
const maxAnswerBytes = 16 * 2 ** 20;
/** After a record was found too far ahead, nothing is sent for so long: what follows is no earlier. */
const aheadPauseMs = 1_000;
/** Heartbeats without any answer until the connection is given up: behind a cut that has healed, TCP itself would wait for up to two minutes. */
const maxUnanswered = 4;
/** Of a write that waited for longer, the record goes without its trace. */
const maxTraceMs = 60_000;
const nothing = Buffer.alloc(0);

export interface Sender {
  readonly address: PeerAddress;
  /** Known once the peer has proved who it is. */
  readonly member: Member | undefined;
  readonly isReady: boolean;
  readonly outbox: Outbox | undefined;
  /** Sends what the peer has not got, as much as one turn may. */
  flush(): void;
  /** A range that was deleted here. */
  range(range: Range): void;
  send(type: number, payload?: Uint8Array): void;
  heartbeat(): void;
  close(reason: string, end?: boolean): void;
}

export interface SenderDeps {
  readonly hub: Hub;
  readonly network: Network;
  readonly address: PeerAddress;
  readonly events: LinkEvents;
  readonly onAnswer: (member: Member, type: number, reader: Reader) => void;
  /** Of all senders, used within a call. */
  readonly scratch: Buffer;
}

export const scratchBytes = 2 * flushBytes;

export const createSender = ({ hub, network, address, events, onAnswer, scratch }: SenderDeps): Sender => {
  const { store, observer } = hub;
  const replicating = createReplicating(hub.tracing, hub.clock.monotonic, address);
  let member: Member | undefined;
  let outbox: Outbox | undefined;
  let isReady = false;
  let isOpen = true;
  let isBlocked = false;
  /** Monotonic milliseconds. */
  let pausedUntil = 0;
  let ranges: Range[] = [];
  let unanswered = 0;
  let hello: Buffer = nothing;
  /** Everything written here up to this millisecond of versions has been sent over this connection, or had arrived before it. */
  let sentMs = 0;

  const close = (reason: string, end = false, refusal?: Refusal) => {
    if (!isOpen) return;
    isOpen = false;
    cancelHandshake();
    outbox?.lost();
    replicating.lost();
    conn.close(end);
    events.onEnd(reason, refusal);
  };
  const write = (bytes: Buffer) => {
    if (!conn.write(bytes)) isBlocked = true;
  };
  const send = (type: number, payload: Uint8Array = nothing) => {
    if (isOpen) write(frame(type, payload));
  };

  const noteClean = () => {
    if (!member || !outbox || member.backlog.dirty > 0 || ranges.length > 0) return;
    sentMs = Math.max(sentMs, store.replica.latestMs - 1);
    outbox.clean(store.replica.changes, store.replica.latestMs - 1);
    settle();
  };
  /** What is acknowledged is what the member has. */
  const settle = () => {
    if (!member || !outbox) return;
    member.ackedChanges = Math.max(member.ackedChanges, outbox.reached.changes);
    member.ackedMs = Math.max(member.ackedMs, outbox.reached.ms);
  };

  const sendRanges = () => {
    for (const { prefix, version } of ranges) {
      if (!outbox || outbox.isFull) return;
      outbox.push(-1);
      send(frameType.range, new Writer().version(version).raw(prefix).take());
    }
    ranges = [];
  };

  /** One record into the scratch buffer, or by itself when it is too large; returns the end. */
  const put = (slot: number, kind: "value" | "deleted" | "evicted", at: number): number => {
    const bytes = recordBytes(store, slot, kind);
    if (at + bytes <= scratch.length) return writeRecord(store, slot, kind, scratch, at);
    if (at > 0) write(Buffer.from(scratch.subarray(0, at)));
    if (bytes <= scratch.length) return writeRecord(store, slot, kind, scratch, 0);
    const own = Buffer.from(new ArrayBuffer(bytes));
    writeRecord(store, slot, kind, own, 0);
    write(own);
    return 0;
  };

  /** Which span the next record belongs to. */
  const putTrace = (number: number, traced: TracedWrite, at: number): number => {
    const context = replicating.begin(number, traced);
    if (!context) return at;
    if (at + traceFrameBytes <= scratch.length) return writeTrace(context, scratch, at);
    write(Buffer.from(scratch.subarray(0, at)));
    return writeTrace(context, scratch, 0);
  };

  const flush = () => {
    if (!isReady || !isOpen || isBlocked || !member || !outbox || hub.clock.monotonic() < pausedUntil) return;
    const { backlog } = member;
    sendRanges();
    let at = 0;
    let total = 0;
    let records = 0;
    while (total < flushBytes && !outbox.isFull) {
      const slot = backlog.take();
      if (slot < 0) break;
      const kind = store.replica.kind(slot);
      if (kind === undefined) {
        backlog.acknowledged(slot);
        continue;
      }
      outbox.push(slot);
      const traced = backlog.takeTrace(slot);
      // what waited for a peer that was away is no part of the request any more
      if (traced && hub.clock.monotonic() - traced.at < maxTraceMs) at = putTrace(outbox.sent, traced, at);
      const before = at;
      at = put(slot, kind, at);
      total += at > before ? at - before : flushBytes;
      records++;
    }
    if (at > 0) write(Buffer.from(scratch.subarray(0, at)));
    if (records > 0) observer.sent(records);
    if (total >= flushBytes && !isBlocked) hub.wake();
    noteClean();
  };

  const onAck = (number: number) => {
    if (!outbox?.acknowledge(number)) throw new FrameError("an acknowledgement of what was never sent");
    replicating.acknowledge(number);
    noteClean();
    settle();
    hub.waiters.check();
    if (member && member.backlog.dirty > 0) hub.wake();
  };
  /** The peer's clock does not let it take the record: it stays dirty. */
  const onAhead = (number: number) => {
    if (!member || !outbox) return;
    outbox.void();
    replicating.refused(number);
    // what heartbeats said was sent has not been taken
    sentMs = member.ackedMs;
    const slot = outbox.slotOf(number);
    if (slot >= 0) member.backlog.mark(slot);
    else ranges = [...store.replica.ranges];
    member.findsUsAhead = true;
    pausedUntil = hub.clock.monotonic() + aheadPauseMs;
  };

  const onChallenge = (bytes: Buffer, from: number, to: number) => {
    const answer = readChallenge(hub.key, hello, bytes, from, to);
    if (!answer) {
      observer.refused("proof");
      return close("the peer did not prove that it knows the secret", false, "proof");
    }
    if (memberId(answer.identity) === memberId(hub.identity())) return close("dialled oneself", false, "self");
    peer = answer.identity;
    send(frameType.proof, answer.proof);
  };
  let peer: Parameters<Hub["members"]["meet"]>[0] | undefined;
  const onReady = () => {
    if (!peer) throw new FrameError("ready before a proof");
    cancelHandshake();
    member = hub.members.meet(peer);
    if (!member) return close("the peer has left", false, "left");
    outbox = createOutbox(member.backlog);
    sentMs = member.ackedMs;
    deframer.maxBytes = maxAnswerBytes;
    isReady = true;
    // what the peer missed while there was no connection
    ranges = [...store.replica.ranges];
    events.onReady(member);
    if (!isOpen) return;
    heartbeat();
    hub.wake();
  };
  const heartbeat = () => {
    if (!isReady || !isOpen) return;
    if (unanswered++ === maxUnanswered) return close("the peer is silent");
    observer.message("heartbeat", "out");
    noteClean();
    send(frameType.heartbeat, writeHeartbeat(hub, sentMs));
  };

  const onFrame = (type: number, bytes: Buffer, from: number, to: number) => {
    if (type === frameType.refused) {
      const refusal = readRefusal(bytes, from, to);
      if (refusal === "node") hub.redrawNode();
      return close(`refused: ${refusal}`, false, refusal);
    }
    if (!isReady) {
      if (type === frameType.challenge && !peer) return onChallenge(bytes, from, to);
      if (type === frameType.ready) return onReady();
      throw new FrameError(`frame type ${type} in a handshake`);
    }
    if (!member) return;
    const reader = new Reader(bytes, from, to);
    if (type === frameType.ack) onAck(reader.u48());
    else if (type === frameType.ahead) onAhead(reader.u48());
    else if (type === frameType.notTaken) member.refusedChanges = store.replica.changes;
    else if (type === frameType.heartbeatReply) {
      observer.message("reply", "in");
      member.findsUsAhead = readHeartbeatReply(reader);
    } else onAnswer(member, type, reader);
  };

  const deframer = createDeframer(onFrame, () => isOpen);
  const cancelHandshake = hub.timers.after(handshakeMs, () => close("the handshake took too long"));
  const conn: Conn = network.dial(address, {
    onOpen: () => {
      hello = writeHello(hub.realm, hub.identity(), hub.nonce());
      observer.message("announce", "out");
      send(frameType.hello, hello);
    },
    onData: (chunk) => {
      if (!isOpen) return;
      hub.tick();
      unanswered = 0;
      if (member) hub.members.heard(member);
      try {
        deframer.push(chunk);
      } catch (err) {
        if (!(err instanceof FrameError)) throw err;
        observer.refused("protocol");
        close(err.message);
      }
    },
    onDrain: () => {
      isBlocked = false;
      flush();
    },
    onClose: () => close("the connection ended"),
  });

  return {
    address,
    get member() {
      return member;
    },
    get isReady() {
      return isReady && isOpen;
    },
    get outbox() {
      return outbox;
    },
    flush,
    range: (range) => void ranges.push(range),
    send,
    heartbeat,
    close,
  };
};
