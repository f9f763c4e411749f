// A connection that a peer dialled: finds out who it is, takes its records in, acknowledges them, answers what it asks.
import type { TraceContext } from "#telemetry/trace-context";
import { memberId } from "../peers/identity.ts";
import type { Member } from "../peers/membership.ts";
import type { Conn, ConnHandlers } from "../peers/network.ts";
import { mergeOutcome, type MergeOutcome } from "../store/types.ts";
import type { Backlog } from "./backlog.ts";
import { createDeframer, frame, frameType, maxFrameBytes, protocolVersion } from "./frames.ts";
import { isProof, readHello, writeChallenge, writeRefusal, type Hello, type Refusal } from "./handshake.ts";
import { readHeartbeat, writeHeartbeatReply, type Heartbeat } from "./heartbeat.ts";
import { maxAheadMs, type Hub, type LinkEvents } from "./hub.ts";
import { createRecord, maxKeyBytes, readRecord, readTrace } from "./records.ts";
import { FrameError, Reader, Writer } from "./wire.ts";

const handshakeMs = 3_000;
/** Writers kept in mind: as many as fit into a heartbeat. */
const maxApplied = 64;

const outcomeNames: Readonly<Record<MergeOutcome, string>> = {
  [mergeOutcome.applied]: "applied",
  [mergeOutcome.stale]: "stale",
  [mergeOutcome.refused]: "refused",
  [mergeOutcome.full]: "no_memory",
};

export interface Receiver {
  readonly member: Member | undefined;
  send(type: number, payload?: Uint8Array): void;
  close(reason: string): void;
  readonly handlers: ConnHandlers;
}

export interface ReceiverDeps {
  readonly hub: Hub;
  readonly conn: Conn;
  readonly events: LinkEvents;
  readonly onHeartbeat: (receiver: Receiver, member: Member, beat: Heartbeat) => void;
  /** Everything that is neither a record nor about membership. */
  readonly onRequest: (receiver: Receiver, member: Member, type: number, reader: Reader) => void;
}

export const createReceiver = ({ hub, conn, events, onHeartbeat, onRequest }: ReceiverDeps): Receiver => {
  const { store, observer } = hub;
  const record = createRecord();
  let member: Member | undefined;
  let hello: Hello | undefined;
  let expected: Buffer | undefined;
  let isOpen = true;
  /** Records dealt with, and of those the ones that the peer has been told of. */
  let dealt = 0;
  let told = 0;
  /** The span that the next record belongs to. */
  let traced: TraceContext | undefined;
  /** Milliseconds of the earliest version that was too far ahead, until the peer has taken back that it had sent it. */
  let untaken = Infinity;

  const close = (reason: string, refusal?: Refusal) => {
    if (!isOpen) return;
    isOpen = false;
    cancelHandshake();
    conn.close(refusal !== undefined);
    events.onEnd(reason, refusal);
  };
  const send = (type: number, payload?: Uint8Array) => {
    // what it does not read is little: acknowledgements and answers to what it asked
    if (isOpen) conn.write(frame(type, payload));
  };
  const refuse = (refusal: Refusal) => {
    // discovery lists us too: finding oneself is no event
    if (refusal !== "self") observer.refused(refusal);
    send(frameType.refused, writeRefusal(refusal));
    close(`refused: ${refusal}`, refusal);
  };

  const refusalOf = ({ tenant, cluster, identity }: Hello): Refusal | undefined => {
    if (tenant !== hub.realm.tenant) return "tenant";
    if (cluster !== hub.realm.cluster) return "cluster";
    return memberId(identity) === memberId(hub.identity()) ? "self" : undefined;
  };
  /** Two peers must not draw the same versions: one of them draws another node id. */
  const isNodeTaken = ({ identity }: Hello): boolean => {
    if (identity.node === hub.identity().node) {
      if (memberId(identity) > memberId(hub.identity())) return true;
      hub.redrawNode();
    }
    const other = hub.members.byNode(identity.node);
    return other !== undefined && other.identity.uid !== identity.uid;
  };

  const onHello = (bytes: Buffer, from: number, to: number) => {
    observer.message("announce", "in");
    // what follows the version, only that version knows
    if (from < to && bytes[from] !== protocolVersion) return refuse("version");
    const given = readHello(bytes, from, to);
    const refusal = refusalOf(given);
    if (refusal) return refuse(refusal);
    hello = given;
    const answer = writeChallenge(hub.key, bytes.subarray(from, to), hub.identity(), hub.nonce());
    expected = answer.expected;
    send(frameType.challenge, answer.challenge);
  };
  const onProof = (bytes: Buffer, from: number, to: number) => {
    if (!hello || !expected || !isProof(expected, bytes, from, to)) return refuse("proof");
    // only who belongs to us has a say
    if (isNodeTaken(hello)) return refuse("node");
    member = hub.members.meet(hello.identity);
    if (!member) return refuse("left");
    cancelHandshake();
    deframer.maxBytes = maxFrameBytes;
    send(frameType.ready);
    events.onReady(member);
  };

  const refuseAhead = (ms: number) => {
    observer.ahead();
    untaken = Math.min(untaken, ms);
    send(frameType.ahead, new Writer().u48(dealt).take());
  };
  const tracedMerge = (parent: TraceContext): MergeOutcome => {
    const startedAt = hub.clock.monotonic();
    const outcome = store.replica.merge(record);
    hub.tracing.record({ name: "apply", kind: "consumer", context: hub.tracing.begin(parent), parent, startedAt, endedAt: hub.clock.monotonic(), attributes: { "kv.outcome": outcomeNames[outcome] } });
    return outcome;
  };
  /** The key was written here too, and the peer has not said yet that it knows. */
  const isContested = (backlog: Backlog): boolean => {
    if (backlog.dirty === 0 && backlog.sent === 0) return false;
    const slot = store.replica.locate(record.key, record.keyFrom, record.keyTo);
    return slot >= 0 && backlog.isPending(slot);
  };
  const onRecord = (sender: Member, type: number, bytes: Buffer, from: number, to: number) => {
    readRecord(type, bytes, from, to, record);
    dealt++;
    const span = traced;
    traced = undefined;
    const now = store.now();
    if (record.ms > now + maxAheadMs) return refuseAhead(record.ms);
    const contested = isContested(sender.backlog);
    const outcome = span ? tracedMerge(span) : store.replica.merge(record);
    observer.received(outcome, now - record.ms);
    if (contested) observer.conflict(outcome === mergeOutcome.applied ? "remote" : "local");
    if (outcome === mergeOutcome.applied) hub.relay(store.replica.merged);
    // refused for a floor, or no room
    else if (outcome < 0) send(frameType.notTaken, new Writer().u48(dealt).take());
  };
  const onRange = (reader: Reader) => {
    const version = reader.version();
    // no key begins with more, and it would be kept
    if (reader.left > maxKeyBytes) throw new FrameError(`a prefix of ${reader.left} bytes`);
    dealt++;
    if (version.ms > store.now() + maxAheadMs) return refuseAhead(version.ms);
    store.replica.mergeRange(reader.raw(reader.left), version);
  };
  const acknowledge = () => {
    if (dealt === told) return;
    told = dealt;
    send(frameType.ack, new Writer().u48(dealt).take());
  };

  const noteApplied = ({ node, sentMs }: Heartbeat) => {
    const { applied } = hub;
    if (sentMs <= (applied.get(node) ?? 0)) return;
    applied.delete(node);
    applied.set(node, sentMs);
    // those that are gone are forgotten in their turn
    for (const [oldest] of applied) if (applied.size > maxApplied) applied.delete(oldest);
  };
  const onBeat = (from: Member, reader: Reader) => {
    observer.message("heartbeat", "in");
    const beat = readHeartbeat(reader);
    from.phase = beat.phase;
    from.hasSpoken = true;
    from.load = beat.load;
    from.applied = beat.applied;
    if (beat.sentMs < untaken) {
      untaken = Infinity;
      noteApplied(beat);
    }
    if (from.identity.node !== beat.node) from.identity = { ...from.identity, node: beat.node };
    observer.message("reply", "out");
    from.isAhead = beat.now > store.now() + maxAheadMs;
    send(frameType.heartbeatReply, writeHeartbeatReply(from.isAhead));
    onHeartbeat(receiver, from, beat);
  };

  const onFrame = (type: number, bytes: Buffer, from: number, to: number) => {
    if (!member) {
      if (type === frameType.hello && !hello) return onHello(bytes, from, to);
      if (type === frameType.proof && hello) return onProof(bytes, from, to);
      throw new FrameError(`frame type ${type} in a handshake`);
    }
    if (type === frameType.value || type === frameType.deleted || type === frameType.evicted) return onRecord(member, type, bytes, from, to);
    const reader = new Reader(bytes, from, to);
    if (type === frameType.range) return onRange(reader);
    if (type === frameType.heartbeat) return onBeat(member, reader);
    if (type === frameType.trace) return void (traced = readTrace(reader));
    if (type === frameType.leave) {
      observer.message("leave", "in");
      hub.members.leave(member, "leave");
      return close("the peer leaves");
    }
    // what was acknowledged before is what the peer may count on
    acknowledge();
    onRequest(receiver, member, type, reader);
  };

  const deframer = createDeframer(onFrame, () => isOpen);
  const cancelHandshake = hub.timers.after(handshakeMs, () => close("the handshake took too long"));
  const receiver: Receiver = {
    get member() {
      return member;
    },
    send,
    close,
    handlers: {
      onOpen: () => {},
      onDrain: () => {},
      onData: (chunk) => {
        if (!isOpen) return;
        hub.tick();
        if (member) hub.members.heard(member);
        try {
          deframer.push(chunk);
          acknowledge();
        } catch (err) {
          if (!(err instanceof FrameError)) throw err;
          observer.refused("protocol");
          close(err.message);
        }
      },
      onClose: () => close("the connection ended"),
    },
  };
  return receiver;
};
