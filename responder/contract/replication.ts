// What /info says about replication, which the operator makes the PeersConnected condition of; and how long a leaver may take.
import { replicationModes } from "#crds/replication";
import { z } from "zod";

/** Seconds after the requests are drained in which a pod that leaves hands its peers what they lack. */
export const handOverSeconds = 5;

/** warming: entries are being copied from a peer. alone: there was no peer to copy from. timedOut: it became ready without a full copy. */
export const warmupStates = ["warming", "copied", "alone", "timedOut"] as const;

const count = z.int().min(0);

// not strict: an older operator ignores what a newer responder adds
export const replicationInfo = z.object({
  mode: z.enum(replicationModes),
  /** Peers there should be, itself not counted. */
  expected: count,
  /** Peers that it exchanges changes with now. */
  connected: count,
  warmup: z.enum(warmupStates),
  /** Its clock is so far ahead that peers refuse its writes; it is not ready. */
  clockAhead: z.boolean(),
});

export type ReplicationInfo = z.output<typeof replicationInfo>;

const info = z.object({
  uptimeSeconds: z.number(),
  /** Absent: the responder is too old to speak of replication. */
  replication: replicationInfo.optional(),
});

/** The part of /info that the operator reads. */
type PodInfo = z.output<typeof info>;

/** From the body of /info. Throws with a message for people when the text is something else. */
export const parseInfo = (text: string): PodInfo => {
  const parsed = info.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "));
  return parsed.data;
};
