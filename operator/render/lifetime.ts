// How long a pod may take to come and to go, in seconds; the figures depend on each other.

/** From the end of a pod's life being decided to SIGTERM: kube-proxy and clients stop sending meanwhile. */
export const preStopSeconds = 5;

/** Requests in flight may take this long after SIGTERM. */
export const drainSeconds = 20;

/** preStop, drain, and time to flush and exit; after it the kubelet kills. */
export const terminationGraceSeconds = preStopSeconds + drainSeconds + 5;

/** A rollout that makes no progress for this long is reported as stuck. */
export const progressDeadlineSeconds = 180;
