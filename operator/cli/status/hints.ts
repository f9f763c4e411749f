// Made from docs/status-conditions.md by `make generate`; do not edit.
import type { ConditionType, Reason } from "#crds/conditions";

/** What to do about a condition that is not as it should be. Not here: reasons about which there is nothing to do, and those whose row sends the reader to another one. */
export const hints: { readonly [T in ConditionType]?: { readonly [R in Reason<T>]?: string } } = {
  Ready: {
    WorkloadUnavailable: "wait while Reconciling is True; if it lasts, WorkloadAvailable says why",
    ApplyFailed: "read the message; the operator tries again by itself. If it says \"not permitted\", see Stalled, `Forbidden`",
    Conflict: "rename or delete that object, or create the KVResponder under another name",
    TenantTaken: "give one of them another tenant, or delete the older one: then this one takes over by itself",
    TenantDenied: "set `spec.tenant` to that tenant, or have whoever owns the namespace set the label: it is seen within 30 seconds",
    ImageDenied: "leave `spec.image` out, or take an image that the message allows",
    Invalid: "correct what the message names",
    Paused: "set `spec.paused` to false when you are done",
  },
  Reconciling: {
    Progressing: "wait",
  },
  Stalled: {
    Invalid: "correct what the message names",
    Forbidden: "apply `config/rbac` of this release, or let your policy engine admit the object",
  },
  WorkloadAvailable: {
    ReplicasNotReady: "wait; then `kubectl describe pod -l kvresponder.io/name=NAME`",
    SecretMissing: "create that Secret in the namespace; pods go on within two minutes. Or leave secretName out: the operator makes a token",
    RolloutStuck: "look at the pods' events: most often an image that cannot be pulled, or no node with enough memory",
    QuotaExceeded: "raise the quota or lower `spec.replicas`, `spec.cache.maxMemory` or `spec.resources`",
  },
  PeersConnected: {
    WarmupTimedOut: "if it happens again, raise `spec.replication.warmupTimeout`, or give the pods more CPU",
    Disconnected: "look for a network policy or a network fault between nodes on port 7946, and at the pods' logs",
    ClockAhead: "correct the time on their nodes (NTP)",
    Pending: "wait; if it lasts, WorkloadAvailable says why",
    Unreachable: "let the operator reach port 9090 of the pods (network policy), and apply `config/rbac` of this release. An operator outside of the cluster cannot reach them",
    NotReported: "use a responder image of this release (`spec.image`)",
  },
  MonitorReady: {
    NotSelected: "set `spec.monitoring.serviceMonitor.labels` (the namespace's labels are its owner's), or widen the selectors of the Prometheus resource",
    Rejected: "read the message: most often a limit that this Prometheus enforces or a version that lacks a field",
    CRDMissing: "install the Prometheus Operator's CRDs; the object appears within a minute. Or set mode to Disabled",
    Conflict: "rename or delete it",
    Forbidden: "apply `config/rbac` of this release",
    ApplyFailed: "read the message; the operator tries again by itself",
  },
  RulesReady: {
    NotSelected: "set `spec.monitoring.rules.labels`, or widen the selectors of the Prometheus resource",
    Rejected: "read the message",
    CRDMissing: "install the Prometheus Operator's CRDs; the object appears within a minute. Or set mode to Disabled",
    Conflict: "rename or delete it",
    Forbidden: "apply `config/rbac` of this release",
    ApplyFailed: "read the message. An admission webhook of the Prometheus Operator that does not answer is the usual cause",
  },
  DashboardReady: {
    CRDMissing: "install the Grafana Operator's CRDs; the object appears within a minute. Or set the format to ConfigMap",
    Conflict: "rename or delete it",
    Forbidden: "apply `config/rbac` of this release",
    ApplyFailed: "read the message; the operator tries again by itself",
  },
  RoutingReady: {
    SecretMissing: "create the Secret in the namespace. The Prometheus Operator takes it up by itself; this condition follows within ten minutes, soon after a change within seconds",
    CRDMissing: "install the Prometheus Operator's CRDs; the object appears within a minute. Or set mode to Disabled",
    Conflict: "rename or delete it",
    Forbidden: "apply `config/rbac` of this release",
    ApplyFailed: "read the message. An admission webhook of the Prometheus Operator that does not answer is the usual cause",
  },
  Paused: {
    PausedBySpec: "set `spec.paused` to false when you are done",
  },
};
