// What `kubectl get kvr -o yaml` says, without what differs from run to run.
import { parse, stringify } from "yaml";
import type { Cluster } from "../cluster/types.ts";

const aTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
const aPod = /(kv-responder-[a-z-]+?)-[0-9a-f]{8,10}-[a-z0-9]{5}\b/g;

export const record = async (cluster: Cluster, [namespace, name]: readonly [string, string]): Promise<string> => {
  const text = await cluster.kubectl("get", "kvr", name, "--namespace", namespace, "--output", "yaml");
  const { metadata, status } = parse(text) as { metadata: { uid: string; resourceVersion: string }; status?: { version?: string } };
  const steady = text
    .replaceAll(metadata.uid, "5f0c2f6e-6a0b-4a57-9e0b-1d7a6f1f8a11")
    .replaceAll(metadata.uid.slice(0, 8), "5f0c2f6e")
    .replaceAll(`resourceVersion: "${metadata.resourceVersion}"`, 'resourceVersion: "1000"')
    .replaceAll(aTime, "2026-01-01T00:00:00Z")
    .replaceAll(aPod, "$1-6d4cf56db6-x7k2p");
  return status?.version === undefined ? steady : steady.replace(`version: ${status.version}`, "version: 0.1.0");
};

interface Recorded {
  readonly metadata: { readonly generation: number; readonly deletionTimestamp?: string };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string; readonly observedGeneration: number }[] };
}

const telling = new Set(["Ready", "Reconciling", "Stalled", "WorkloadAvailable", "Paused"]);

/** What health goes by; counts and what pods say of each other may differ from run to run. */
export const gist = (text: string): object => {
  const { metadata, status } = parse(text) as Recorded;
  return {
    deleting: metadata.deletionTimestamp !== undefined,
    behind: status?.observedGeneration === undefined ? "never" : metadata.generation - status.observedGeneration,
    conditions: (status?.conditions ?? []).filter((c) => telling.has(c.type)).map((c) => `${c.type} ${c.status} ${c.reason} ${metadata.generation - c.observedGeneration}`),
  };
};

/** As before defaults for status: no API server of ours says this, other tools may show it. */
export const withoutStatus = (text: string): string => {
  const { status: _, ...rest } = parse(text) as { status: unknown };
  return stringify(rest, { version: "1.1", lineWidth: 0 });
};
