// What NetworkPolicies mean, by cyclonus' evaluator: no local cluster enforces them.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { KubeObject } from "../../operator/objects.ts";
import { resolveTools } from "../cluster/toolchain.ts";

export interface Peer {
  readonly ip: string;
  /** Absent for a node and for what is outside of the cluster. */
  readonly pod?: { readonly namespace: string; readonly namespaceLabels: Readonly<Record<string, string>>; readonly labels: Readonly<Record<string, string>> };
}

export interface Traffic {
  readonly from: Peer;
  readonly to: Peer;
  /** The pod's, not a Service's. */
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
}

/** Policies, and what is asked of them; those of one know nothing of another. */
export interface World {
  readonly policies: readonly KubeObject[];
  readonly traffic: readonly Traffic[];
}

/** For each world one answer for each piece of traffic. What no policy selects may do anything. */
export const allowed = async (worlds: readonly World[]): Promise<readonly (readonly boolean[])[]> => {
  const { "network-policy": program } = await resolveTools(["network-policy"]);
  const asked = promisify(execFile)(program, { maxBuffer: 16 * 2 ** 20 });
  asked.child.stdin?.end(JSON.stringify(worlds));
  return JSON.parse((await asked).stdout) as boolean[][];
};
