// Waits until the API server serves kinds that were just defined.
import type { Cluster } from "./types.ts";

interface Definition {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null };
}

/** Instead of `kubectl wait --for=condition=Established`: that fails at once on a definition so new that its conditions are null. */
export const established = async (cluster: Pick<Cluster, "get" | "waitFor">, ...names: readonly string[]): Promise<void> => {
  await cluster.waitFor(`${names.join(", ")} to be established`, async () => {
    const definitions = await Promise.all(names.map((name) => cluster.get<Definition>(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`)));
    return definitions.every((definition) => definition?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") ?? false);
  });
};
