// spec.replication: whether pods copy to each other, what a write waits for, and how long deletions are remembered.
import { z } from "zod";
import { duration } from "./fields.ts";
import type { Rule } from "./rules.ts";
import { type Autoscaling, mostReplicasOf } from "./scaling.ts";

export const replicationModes = ["Peers", "None"] as const;
export const ackModes = ["Local", "One", "All"] as const;

export const replication = z
  .object({
    mode: z
      .enum(replicationModes)
      .default("Peers")
      .meta({ description: "Peers: every pod holds the whole cache and copies its writes to the others. None: a pod keeps to itself, so there may be only one." }),
    ack: z
      .enum(ackModes)
      .default("Local")
      .meta({ description: "What a write waits for that does not say so itself. Local: this pod has it. One: a peer has it too. All: all peers have it too. A change takes effect within a minute, without a restart." }),
    tombstoneRetention: duration("How long it is remembered that a key was deleted. A pod that was away for longer drops what it cannot vouch for.", "1m", "24h").default("10m"),
    warmupTimeout: duration("How long a new pod may copy entries from a peer before it is ready all the same.", "1s", "30m").default("60s"),
  })
  .prefault({})
  .meta({ description: "How the pods keep each other up to date." });

/** Pods that do not copy would answer differently from each other. */
export const noneIsAlone: Rule<{ replicas: number; autoscaling?: Autoscaling | undefined; replication: { mode: (typeof replicationModes)[number] } }> = {
  cel: "self.replication.mode != 'None' || (has(self.autoscaling) ? self.autoscaling.maxReplicas : self.replicas) <= 1",
  message: "replication.mode None is for one pod at most: set replicas to 1 (3 when absent) without autoscaling, or replication.mode to Peers",
  fieldPath: ".replication.mode",
  test: (spec) => spec.replication.mode !== "None" || mostReplicasOf(spec) <= 1,
};
