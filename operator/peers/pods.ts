// Reads the pods of a resource from the EndpointSlices of its headless Service.
import type { KubeObject } from "../objects.ts";

export interface PodAddress {
  readonly name: string;
  readonly address: string;
  readonly ready: boolean;
}

/** As Go writes it: a list without items is null. */
interface Slice {
  addressType?: string;
  endpoints?: Endpoint[] | null;
}

interface Endpoint {
  addresses?: string[] | null;
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  targetRef?: { kind?: string; name?: string };
}

export const serviceNameLabel = "kubernetes.io/service-name";

/** 16 replicas and their surge. More is not our Deployment's, and asking has to have an end. */
const most = 32;

/** In the order of names. Those on their way out are left out: their peers let go of them, and they of their peers. */
export const podsOf = (slices: readonly KubeObject[], service: string): PodAddress[] => {
  const pods = new Map<string, PodAddress>();
  // with two families there is a slice of each: IPv4 comes first
  const ours = slices.filter((s) => s.metadata.labels?.[serviceNameLabel] === service).map((s) => s as Slice);
  for (const { endpoints } of ours.toSorted((a, b) => ((a.addressType ?? "") < (b.addressType ?? "") ? -1 : 1))) {
    for (const { addresses, conditions = {}, targetRef } of endpoints ?? []) {
      const address = addresses?.[0];
      const name = targetRef?.kind === "Pod" ? targetRef.name : undefined;
      if (name === undefined || address === undefined || conditions.terminating === true || pods.has(name)) continue;
      // `ready` is true for all of them: the Service publishes those that are not, too
      pods.set(name, { name, address, ready: conditions.serving ?? conditions.ready ?? true });
    }
  }
  return [...pods.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, most);
};
