// Every state that a KVResponder could show: generations, deletion, and what each condition may say, possible or not.
import { conditionReasons } from "#crds/conditions";

export const generation = 3;

const conditionStates = ["absent", "True", "False", "Unknown"] as const;
export type ConditionState = (typeof conditionStates)[number];

export interface State {
  readonly deleting: boolean;
  /** status.observedGeneration; undefined: absent. */
  readonly observed: number | undefined;
  /** observedGeneration of the conditions. */
  readonly spokenOf: number;
  readonly ready: ConditionState;
  readonly readyReason: string;
  readonly reconciling: ConditionState;
  readonly stalled: ConditionState;
  readonly paused: ConditionState;
  readonly workload: "absent" | (typeof conditionReasons)["WorkloadAvailable"][number];
}

const workloads = ["absent", "AllReplicasReady", "ReplicasNotReady", "QuotaExceeded", "RolloutStuck", "SecretMissing"] as const;

const seen = [generation, generation] as const;
const notReady = conditionReasons.Ready.filter((reason) => reason !== "AllReady" && reason !== "ScaledToZero");

function* every(): Generator<State> {
  for (const deleting of [false, true])
    for (const [observed, spokenOf] of deleting ? [seen] : ([seen, [generation, generation - 1], [generation - 1, generation - 1], [-1, generation], [undefined, generation]] as const))
      for (const ready of conditionStates)
        for (const readyReason of ready === "False" ? notReady : ["AllReady"])
          for (const reconciling of conditionStates)
            for (const stalled of conditionStates)
              for (const paused of conditionStates)
                // what the pods lack matters where it is read
                for (const workload of deleting || observed !== generation || spokenOf !== generation ? (["absent"] as const) : workloads)
                  yield { deleting, observed, spokenOf, ready, readyReason, reconciling, stalled, paused, workload };
}

export const states: readonly State[] = [...every()];

export const objectOf = ({ deleting, observed, spokenOf, ready, readyReason, reconciling, stalled, paused, workload }: State): Record<string, unknown> => {
  const said: readonly (readonly [type: string, status: ConditionState, reason: string])[] = [
    ["Ready", ready, readyReason],
    ["Reconciling", reconciling, "Progressing"],
    ["Stalled", stalled, "Conflict"],
    ["WorkloadAvailable", workload === "absent" ? "absent" : workload === "AllReplicasReady" ? "True" : "False", workload],
    ["Paused", paused, "PausedBySpec"],
  ];
  const conditions = said
    .filter(([, status]) => status !== "absent")
    .map(([type, status, reason]) => ({ type, status, reason, message: `what ${type} says`, observedGeneration: spokenOf, lastTransitionTime: "2026-01-01T00:00:00Z" }));
  return {
    apiVersion: "kvresponder.io/v1alpha1",
    kind: "KVResponder",
    metadata: { name: "orders", namespace: "team", generation, ...(deleting && { deletionTimestamp: "2026-01-01T00:00:00Z" }) },
    spec: { paused: paused === "True" },
    status: { ...(observed !== undefined && { observedGeneration: observed }), ...(conditions.length > 0 && { conditions }) },
  };
};
