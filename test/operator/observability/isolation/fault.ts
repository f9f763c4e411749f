// What a fault is: what goes wrong with the pods of one tenant, which alerts tell of it, and what ends it.
import type { AlertName } from "#crds/alerts";
import type { Mesh } from "../../../responder/replication/mesh.ts";
import type { Pod } from "../../../responder/replication/pod.ts";
import type { Stage } from "./stage.ts";
import { faulty } from "./tenants.ts";

export interface Fault {
  readonly title: string;
  readonly fires: readonly AlertName[];
  /** They may fire before: the fault is there from the beginning, an earlier one has brought them too, or a busy machine is fault enough. */
  readonly early?: true;
  /** Resolves with what undoes it. */
  inject(stage: Stage): Promise<() => Promise<void> | void>;
  /** What goes on until the alerts fire. */
  meanwhile?(stage: Stage): Promise<void>;
}

export const mesh = (stage: Stage): Mesh => stage.meshOf(faulty);

/** Of what ends by itself, or need not end. */
export const done = (): void => {};

export const text = (bytes: number): string => "x".repeat(bytes);

/** Each is a lookup that waits a second for a version that never comes, and fails. At most 500 at once. */
export const failing = async (pod: Pod, times: number): Promise<void> => {
  const version = await pod.put("clock", "now");
  const answers = await Promise.all(Array.from({ length: times }, () => pod.entry("GET", "never-written", { headers: { "kv-min-version": version } })));
  for (const answer of answers) await answer.arrayBuffer();
  const statuses = new Set(answers.map((a) => a.status));
  if (statuses.size !== 1 || !statuses.has(504)) throw new Error(`answered ${[...statuses].join(", ")}`);
};

/** They find nothing. Few at once: what a busy machine holds up is one batch, and no share of them. */
export const lookups = async (pod: Pod, times: number): Promise<void> => {
  const batch = Array.from({ length: 25 }, (_, i) => ({ op: "get" as const, key: `not-there-${i}` }));
  for (let n = 0; n < times; n += batch.length) await pod.run(batch);
};
