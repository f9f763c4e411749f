// Anti-entropy: peers compare digests from time to time, and of buckets that differ what is in them. What links and backlogs did is checked, not trusted.
import { memberId } from "../peers/identity.ts";
import type { Member } from "../peers/membership.ts";
import { bucketCount } from "../store/digest.ts";
import { compareBucket, readBucket, writeBucket } from "./bucket.ts";
import { frameType } from "./frames.ts";
import type { Hub } from "./hub.ts";
import type { Receiver } from "./receiver.ts";
import type { Sender } from "./sender.ts";
import { Writer, type Reader } from "./wire.ts";

const everyMs = 10_000;
/** After something happened that may have left peers apart. */
const soonMs = 500;
/** A round without an answer for so long is given up. */
const stuckMs = 20_000;
/** Lists on their way at once, for each peer. */
const outstandingLists = 4;
/** Bytes of lists a second, for each peer: also while all pods evict and every digest differs. */
const bytesPerSecond = 2 * 2 ** 20;
const tickMs = 100;
/** Of eviction something may differ for good: the same two digests are compared so often, and then once in a while, since others may change things and change them back. */
const comparedTwice = 2;
const comparedSeldom = 8;
const wordsPerBucket = 5;

interface Round {
  readonly number: number;
  /** By this pod's clock: what was stored before has been compared when the round ends. */
  readonly startedAt: number;
  since: number;
  queue: number[];
  outstanding: number;
  /** Monotonic milliseconds. */
  readonly beganAt: number;
  movedAt: number;
  budget: number;
  /** Marked to be sent again. */
  records: number;
}

interface State {
  round: Round | undefined;
  nextAt: number;
  /** The digests of each bucket that were compared last: two words of ours, two of the peer's, and how often in a row. */
  readonly compared: Int32Array;
  /** The digests that the peer told of in this round. */
  readonly theirs: Int32Array;
  /** As the one who is asked. */
  asked: { readonly number: number; readonly startedAt: number; readonly since: number; readonly beganAt: number; records: number } | undefined;
}

export interface Repair {
  /** Compare soon, with everyone. */
  soon(): void;
  /** An answer to what was asked as the one who began; false: it is none. */
  onAnswer(member: Member, type: number, reader: Reader): boolean;
  onRequest(receiver: Receiver, member: Member, type: number, reader: Reader): boolean;
  forget(member: Member): void;
  start(): () => void;
}

export interface RepairDeps {
  readonly hub: Hub;
  readonly senderOf: (member: Member) => Sender | undefined;
  /** A comparison has ended: so many records are sent again, none included. */
  readonly onRepaired: (member: Member, records: number, durationMs: number) => void;
}

export const createRepair = ({ hub, senderOf, onRepaired }: RepairDeps): Repair => {
  const { store, reconciled } = hub;
  const { replica } = store;
  const states = new Map<Member, State>();
  let lastRound = 0;
  const stateOf = (member: Member): State => {
    let state = states.get(member);
    if (!state) {
      state = { round: undefined, nextAt: hub.clock.monotonic() + soonMs, compared: new Int32Array(bucketCount * wordsPerBucket), theirs: new Int32Array(bucketCount * 2), asked: undefined };
      states.set(member, state);
    }
    return state;
  };
  /** Its snapshot brings all of it, in the order of use. Lists would bring it again in the order of hashes, which is where the newcomer's small table has no room. */
  const isFilling = (member: Member): boolean => hub.phase() === "warming" || member.phase === "warming";
  /** One of the two begins. */
  const begins = (member: Member): boolean => memberId(hub.identity()) < member.id;

  const finish = (member: Member, startedAt: number) => {
    reconciled.set(member.id, startedAt);
    member.isReconciled = true;
  };
  const end = (member: Member, state: State, round: Round) => {
    state.round = undefined;
    state.nextAt = hub.clock.monotonic() + everyMs * (0.75 + hub.random() / 2);
    finish(member, round.startedAt);
    onRepaired(member, round.records, hub.clock.monotonic() - round.beganAt);
  };

  /** Counts how often these digests have met. false: so often that comparing again would find what it found before. */
  const isNews = ({ compared, theirs }: State, bucket: number): boolean => {
    const { words } = replica.digests;
    const [a, b] = [bucket * 2, bucket * wordsPerBucket];
    const isSame = compared[b] === words[a] && compared[b + 1] === words[a + 1] && compared[b + 2] === theirs[a] && compared[b + 3] === theirs[a + 1];
    const times = isSame ? compared[b + 4]! + 1 : 1;
    compared.set([words[a]!, words[a + 1]!, theirs[a]!, theirs[a + 1]!, times], b);
    return times <= comparedTwice || times % comparedSeldom === 0;
  };

  const pump = (member: Member, state: State, round: Round) => {
    const sender = senderOf(member);
    if (!sender?.isReady) return;
    while (round.queue.length > 0 && round.outstanding < outstandingLists && round.budget > 0) {
      const bucket = round.queue.pop()!;
      const list = writeBucket(store, round.number, bucket, round.since);
      round.budget -= list.length;
      round.outstanding++;
      sender.send(frameType.bucket, list);
    }
    if (round.queue.length > 0 || round.outstanding > 0) return;
    sender.send(frameType.roundEnd, new Writer().u32(round.number).take());
    end(member, state, round);
  };

  const begin = (member: Member, state: State, sender: Sender) => {
    const now = store.now();
    const time = hub.clock.monotonic();
    state.round = { number: ++lastRound, startedAt: now, since: 0, queue: [], outstanding: 0, beganAt: time, movedAt: time, budget: bytesPerSecond / 4, records: 0 };
    const [a, b] = replica.digests.root();
    sender.send(frameType.summary, new Writer().u32(lastRound).u32(a).u32(b).u32(replica.rangesHash).u48(reconciled.at(member.id)).take());
  };

  const tick = () => {
    const time = hub.clock.monotonic();
    for (const member of hub.members.members) {
      const state = stateOf(member);
      const sender = senderOf(member);
      const { round } = state;
      if (round) {
        if (time - round.movedAt > stuckMs || !sender?.isReady) {
          state.round = undefined;
          state.nextAt = time + soonMs;
          continue;
        }
        round.budget = Math.min(round.budget + (bytesPerSecond * tickMs) / 1000, bytesPerSecond / 4);
        if (round.queue.length > 0) pump(member, state, round);
      } else if (sender?.isReady && begins(member) && time >= state.nextAt && !isFilling(member)) begin(member, state, sender);
    }
  };

  /** Deleted ranges are few: all of them are sent again, and what is known is ignored. */
  const tellRanges = (member: Member) => {
    const sender = senderOf(member);
    for (const range of replica.ranges) sender?.range(range);
    hub.wake();
  };

  const current = (member: Member, number: number): { state: State; round: Round } | undefined => {
    const state = states.get(member);
    const round = state?.round;
    if (!state || round?.number !== number) return undefined;
    round.movedAt = hub.clock.monotonic();
    return { state, round };
  };

  const onDigests = (member: Member, reader: Reader) => {
    const at = current(member, reader.u32());
    const ranges = reader.u32();
    const since = reader.u48();
    if (!at) return;
    const { state, round } = at;
    if (ranges !== replica.rangesHash) tellRanges(member);
    round.since = reconciled.agreed(member.id, since);
    reader.words(state.theirs);
    reader.done();
    const { words } = replica.digests;
    let diverged = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      if (words[bucket * 2] === state.theirs[bucket * 2] && words[bucket * 2 + 1] === state.theirs[bucket * 2 + 1]) continue;
      diverged++;
      if (isNews(state, bucket)) round.queue.push(bucket);
    }
    hub.observer.diverged(diverged);
    pump(member, state, round);
  };
  const onBucketReply = (member: Member, reader: Reader) => {
    const at = current(member, reader.u32());
    if (!at) return;
    const { state, round } = at;
    const marked = compareBucket(store, member, readBucket(reader));
    round.records += marked;
    if (marked > 0) hub.wake();
    round.outstanding--;
    pump(member, state, round);
  };

  const onSummary = (receiver: Receiver, member: Member, reader: Reader) => {
    const number = reader.u32();
    const [a, b] = [reader.u32(), reader.u32()];
    const ranges = reader.u32();
    const since = reconciled.agreed(member.id, reader.u48());
    reader.done();
    const startedAt = store.now();
    const mine = reconciled.at(member.id);
    const [c, d] = replica.digests.root();
    if (ranges !== replica.rangesHash) tellRanges(member);
    else if (a === c >>> 0 && b === d >>> 0) {
      receiver.send(frameType.same, new Writer().u32(number).take());
      hub.observer.diverged(0);
      return finish(member, startedAt);
    }
    stateOf(member).asked = { number, startedAt, since, beganAt: hub.clock.monotonic(), records: 0 };
    const writer = new Writer(12 + bucketCount * 8).u32(number).u32(replica.rangesHash).u48(mine);
    receiver.send(frameType.digests, writer.words(replica.digests.words).take());
  };
  const onBucket = (receiver: Receiver, member: Member, reader: Reader) => {
    const number = reader.u32();
    const asked = states.get(member)?.asked;
    if (asked?.number !== number) return;
    const theirs = readBucket(reader);
    const marked = compareBucket(store, member, theirs);
    asked.records += marked;
    if (marked > 0) hub.wake();
    receiver.send(frameType.bucketReply, writeBucket(store, number, theirs.bucket, asked.since));
  };
  const onRoundEnd = (member: Member, reader: Reader) => {
    const state = states.get(member);
    if (state?.asked?.number !== reader.u32()) return;
    const { startedAt, beganAt, records } = state.asked;
    finish(member, startedAt);
    onRepaired(member, records, hub.clock.monotonic() - beganAt);
    state.asked = undefined;
  };

  return {
    soon: () => {
      const at = hub.clock.monotonic() + soonMs;
      for (const member of hub.members.members) {
        const state = stateOf(member);
        state.nextAt = Math.min(state.nextAt, at);
      }
    },
    onAnswer: (member, type, reader) => {
      if (type === frameType.same) {
        const at = current(member, reader.u32());
        hub.observer.diverged(0);
        if (at) end(member, at.state, at.round);
      } else if (type === frameType.digests) onDigests(member, reader);
      else if (type === frameType.bucketReply) onBucketReply(member, reader);
      else return false;
      return true;
    },
    onRequest: (receiver, member, type, reader) => {
      if (type === frameType.summary) onSummary(receiver, member, reader);
      else if (type === frameType.bucket) onBucket(receiver, member, reader);
      else if (type === frameType.roundEnd) onRoundEnd(member, reader);
      else return false;
      return true;
    },
    forget: (member) => void states.delete(member),
    start: () => hub.timers.every(tickMs, tick),
  };
};
