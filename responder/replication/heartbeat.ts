// What peers tell each other every second: that they live, how they are, whom they know.
import { memberId, readIdentity, writeIdentity, type Identity } from "../peers/identity.ts";
import type { Phase } from "../peers/membership.ts";
import type { Hub } from "./hub.ts";
import { FrameError, Writer, type Reader } from "./wire.ts";

const phases: readonly Phase[] = ["warming", "serving", "leaving"];
/** Whom they know: more are not told. */
const maxTold = 32;

export interface Heartbeat {
  readonly phase: Phase;
  readonly load: number;
  readonly node: number;
  /** The later of the sender's clock and the last version that it drew or saw, in milliseconds. */
  readonly now: number;
  /** Everything that the sender wrote up to this millisecond of its versions came before this heartbeat. */
  readonly sentMs: number;
  /** By node id: what the sender had taken in of others, up to this millisecond of theirs. What it sent before it had is on its way no more. */
  readonly applied: ReadonlyMap<number, number>;
  readonly known: readonly Identity[];
}

export const writeHeartbeat = (hub: Hub, sentMs: number): Buffer => {
  const writer = new Writer();
  writer.u8(phases.indexOf(hub.phase())).u16(Math.min(65_535, Math.round(hub.load()))).u32(hub.identity().node);
  writer.u48(Math.max(hub.store.now(), hub.store.replica.latestMs)).u48(Math.max(0, sentMs));
  writer.u8(hub.applied.size);
  for (const [node, ms] of hub.applied) writer.u32(node).u48(ms);
  const known = hub.members.members.filter(({ state }) => state === "joined").slice(0, maxTold);
  writer.u8(known.length);
  for (const { identity } of known) writeIdentity(writer, identity);
  return writer.take();
};

export const readHeartbeat = (reader: Reader): Heartbeat => {
  const phase = phases[reader.u8()];
  if (phase === undefined) throw new FrameError("an unknown phase");
  const beat = { phase, load: reader.u16(), node: reader.u32(), now: reader.u48(), sentMs: reader.u48() };
  const applied = new Map(Array.from({ length: reader.u8() }, () => [reader.u32(), reader.u48()] as const));
  const known = Array.from({ length: reader.u8() }, () => readIdentity(reader));
  reader.done();
  return { ...beat, applied, known };
};

/** Whether the sender of the heartbeat is ahead of our clock by more than is accepted. */
export const writeHeartbeatReply = (isAhead: boolean): Buffer => Buffer.from([isAhead ? 1 : 0]);
export const readHeartbeatReply = (reader: Reader): boolean => reader.u8() === 1;

/** Of those that a heartbeat names, the ones nobody here has met. */
export const strangers = ({ known }: Heartbeat, hub: Hub): Identity[] => {
  const self = memberId(hub.identity());
  return known.filter((identity) => {
    const id = memberId(identity);
    return id !== self && !hub.members.find(id) && !hub.members.hasLeft(id);
  });
};
