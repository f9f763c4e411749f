// All objects of a cluster by name, to be compared before and after.
import type { Cluster } from "../cluster/types.ts";

/** Come and go by themselves, in their own time. */
const passing = new Set(["events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses"]);

/** "Kind namespace/name", sorted; every kind that can be listed, CRDs and what is made of them included. */
export const inventory = async (cluster: Cluster): Promise<readonly string[]> => {
  const kinds = (await cluster.kubectl("api-resources", "--verbs=list", "-o", "name", "--cached=false")).trim().split("\n").filter((kind) => !passing.has(kind));
  const line = '{range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
  const text = await cluster.kubectl("get", kinds.join(","), "--all-namespaces", "-o", `jsonpath=${line}`);
  return [...new Set(text.trim().split("\n"))].toSorted();
};

/** What one has and the other has not. */
export const difference = (before: readonly string[], after: readonly string[]): { readonly gone: string[]; readonly left: string[] } => ({
  gone: before.filter((object) => !after.includes(object)),
  left: after.filter((object) => !before.includes(object)),
});
