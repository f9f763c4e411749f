// Decides how connected the pods are, from what each of them says about its peers.
import type { ReplicationInfo } from "#contract/replication";
import { port } from "#contract/http";
import type { ConditionStatus, Reason } from "#crds/conditions";
import type { Spec } from "#crds/kvresponder";
import { mostReplicasOf } from "#crds/scaling";
import type { Workload } from "./workload.ts";

/** unreachable: no answer, or not that of a responder. silent: the responder is too old to speak of replication. */
export type Answer = (Pick<ReplicationInfo, "mode" | "connected" | "warmup" | "clockAhead"> & { readonly isNew: boolean }) | "unreachable" | "silent";

export interface PodReport {
  readonly name: string;
  /** By the kubelet's word. */
  readonly ready: boolean;
  readonly answer: Answer;
}

/** Of every pod that is there to stay; "blind" when the operator cannot find out which there are. */
export type PeerReports = readonly PodReport[] | "blind";

export interface PeerFinding {
  readonly status: ConditionStatus;
  readonly reason: Reason<"PeersConnected">;
  readonly message: string;
  /** status.peers */
  readonly peers?: string;
}

/** Whether there is anybody to be connected to. */
export const hasPeers = (spec: Spec): boolean => spec.replication.mode === "Peers" && mostReplicasOf(spec) > 1;

/** Enough to go and look, and no more than people read. */
const listed = (names: readonly string[]): string => (names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`);

type Told = Exclude<Answer, string>;

interface Seen {
  readonly name: string;
  readonly ready: boolean;
  readonly told: Told;
}

const toldBy = ({ name, ready, answer }: PodReport): Seen[] => (typeof answer === "string" || answer.mode === "None" ? [] : [{ name, ready, told: answer }]);

/** For a resource that has peers; `reports` in the order of names. */
const judge = (reports: readonly PodReport[], wanted: number, load: Workload): PeerFinding => {
  const seen = reports.flatMap(toldBy);
  const ready = reports.filter((r) => r.ready);
  const talking = seen.filter((s) => s.ready);
  // during a rollout there are more pods than were asked for
  const least = Math.min(...talking.map(({ told }) => Math.min(told.connected, wanted - 1)));
  const column = talking.length > 0 ? { peers: `${least}/${wanted - 1}` } : {};

  const ahead = seen.filter(({ told }) => told.clockAhead);
  if (ahead.length > 0) return { status: "False", reason: "ClockAhead", message: `the clock is too far ahead, so peers refuse the writes of ${listed(ahead.map((s) => s.name))}`, ...column };

  const others = ready.length - 1;
  const lonely = talking.filter(({ told }) => told.connected < others);
  // names of new pods need some seconds to get around in DNS
  if (lonely.length > 0 && talking.some(({ told }) => told.isNew)) return { status: "Unknown", reason: "Pending", message: "new pods are finding their peers", ...column };
  if (lonely.length > 0) return { status: "False", reason: "Disconnected", message: `not connected to every other ready pod: ${listed(lonely.map(({ name, told }) => `${name} (${told.connected} of ${others})`))}`, ...column };

  const unreachable = ready.filter((r) => r.answer === "unreachable");
  if (unreachable.length > 0) {
    const who = unreachable.length === ready.length ? "any pod" : listed(unreachable.map((r) => r.name));
    return { status: "Unknown", reason: "Unreachable", message: `the operator gets no answer at port ${port.metrics} of ${who}`, ...column };
  }
  const silent = ready.filter((r) => !talking.some((s) => s.name === r.name));
  if (silent.length > 0) return { status: "Unknown", reason: "NotReported", message: `nothing about peers is reported by ${listed(silent.map((r) => r.name))}`, ...column };

  if (!load.settled || ready.length < wanted) return { status: "Unknown", reason: "Pending", message: load.settled ? "the newest pods have not been asked yet" : load.message, ...column };
  const cold = talking.filter(({ told }) => told.warmup === "timedOut");
  const all = `all ${wanted} pods are connected to each other`;
  if (cold.length > 0) return { status: "True", reason: "WarmupTimedOut", message: `${all}; ready before they had copied everything: ${listed(cold.map((s) => s.name))}`, ...column };
  return { status: "True", reason: "AllConnected", message: all, ...column };
};

export interface PeersInput {
  readonly spec: Spec;
  /** Pods that there should be now. */
  readonly wanted: number;
  readonly load: Workload;
  /** Undefined: not asked yet. */
  readonly reports: PeerReports | undefined;
  /** What the status says now, of this very generation: it stands until pods have been asked, so that a new operator changes nothing. */
  readonly before: PeerFinding | undefined;
}

export const judgePeers = ({ spec, wanted, load, reports, before }: PeersInput): PeerFinding => {
  if (spec.replication.mode === "None") return { status: "False", reason: "Disabled", message: "spec.replication.mode is None" };
  if (!hasPeers(spec) || wanted < 2) return { status: "True", reason: "SinglePod", message: "no more than one pod is asked for" };
  if (reports === "blind") return { status: "Unknown", reason: "Unreachable", message: "the operator cannot list EndpointSlices, by which it finds the pods" };
  if (reports) return judge(reports, wanted, load);
  return before ?? { status: "Unknown", reason: "Pending", message: "the pods have not been asked yet" };
};
