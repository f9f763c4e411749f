// How long a pod may take to come and to go, in seconds; the figures depend on each other.
import { handOverSeconds } from "#contract/replication";
import { parseDuration } from "#crds/duration";
import type { Spec } from "#crds/kvresponder";

/** From the end of a pod's life being decided to SIGTERM: kube-proxy and clients stop sending meanwhile. */
export const preStopSeconds = 5;

/** Requests in flight may take this long after SIGTERM. */
export const drainSeconds = 20;

/** preStop, drain, handing over to peers, and time to flush and exit; after it the kubelet kills. The same for every mode: it is a bound, not a wait. */
export const terminationGraceSeconds = preStopSeconds + drainSeconds + handOverSeconds + 5;

/** The responder counts in whole seconds; less than one is one. */
export const wholeSeconds = (duration: string): number => Math.max(1, Math.ceil(parseDuration(duration) / 1000));

/** Scheduling, pulling the image and starting. */
const startSeconds = 180;

/** A rollout that makes no progress for this long is reported as stuck. A pod that copies entries is not ready and not stuck. */
export const progressDeadlineSeconds = ({ replication }: Spec): number => startSeconds + (replication.mode === "Peers" ? wholeSeconds(replication.warmupTimeout) : 0);
