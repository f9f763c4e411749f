// What kube-score finds in manifests, and which of its findings we accept, each with its reason.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { resolveTools } from "../cluster/toolchain.ts";

/** Whose pod, by the name of what it is in. */
export type Subject = "operator" | "tenant" | "test";

export interface Finding {
  readonly subject: Subject;
  /** As in `kube-score list`. */
  readonly check: string;
  readonly summary: string;
}

const pull = "a tag names one image for ever: a node that has it starts the pod while the registry is away";
const noWrites = "the root is read-only and no volume is written: all that grows is the log, which the kubelet cuts. A limit would evict for that";
const noCpuLimit = "CPU is taken when it is free. A limit would slow the pod down under load, memory is what has to be bounded";

/** By subject and check. A reason that explains nothing any more fails the test too. */
export const accepted: Readonly<Record<Subject, Readonly<Record<string, string>>>> = {
  operator: {
    "container-image-pull-policy": pull,
    "container-ephemeral-storage-request-and-limit": noWrites,
    "container-resources": noCpuLimit,
    "pod-networkpolicy": "config/network-policy and the chart's networkPolicy.enabled have it: its ports and namespaces are the cluster's, and a wrong one cuts the operator off",
    "deployment-replicas": "two would both write: there is no leader election yet",
    "deployment-strategy": "of two that overlap both would write: there is no leader election yet",
  },
  tenant: {
    "container-image-pull-policy": pull,
    "container-ephemeral-storage-request-and-limit": noWrites,
    "container-resources": `${noCpuLimit}. What to request only the tenant knows: spec.resources`,
    "deployment-has-host-podantiaffinity": "topologySpreadConstraints spread the pods, and still place them where there is one node",
  },
  test: {
    "container-image-pull-policy": pull,
    "container-ephemeral-storage-request-and-limit": noWrites,
    "container-resources": noCpuLimit,
    "pod-networkpolicy": "it listens to nobody, and lives for seconds",
  },
};

interface Scored {
  readonly object_name: string;
  readonly object_meta: { readonly name: string };
  readonly checks: readonly { readonly check: { readonly id: string }; readonly grade: number; readonly skipped: boolean; readonly comments: readonly { readonly summary: string }[] | null }[];
}

/** Everything is fine. */
const best = 10;

const subjectOf = (name: string): Subject => {
  if (name.endsWith("-test")) return "test";
  return name.startsWith("kv-responder-operator") ? "operator" : "tenant";
};

/** kube-score ends with 1 where something is critical, and prints all the same. */
export const findings = async (manifests: string): Promise<readonly Finding[]> => {
  const { "kube-score": program } = await resolveTools(["kube-score"]);
  const dir = await mkdtemp(join(tmpdir(), "kvr-score-"));
  try {
    const file = join(dir, "manifests.yaml");
    await writeFile(file, manifests);
    const args = ["score", "--kubernetes-version=v1.36", "--output-format=json", file];
    const stdout = await promisify(execFile)(program, args, { maxBuffer: 64 << 20 }).then(
      (told) => told.stdout,
      (error: Error & { code?: number; stdout?: string }) => {
        if (error.code !== 1 || !error.stdout) throw error;
        return error.stdout;
      },
    );
    return (JSON.parse(stdout) as Scored[]).flatMap(({ object_name, object_meta, checks }) =>
      checks
        .filter(({ grade, skipped }) => !skipped && grade < best)
        .map(({ check, comments }) => ({ subject: subjectOf(object_meta.name), check: check.id, summary: `${object_name}: ${(comments ?? []).map((c) => c.summary).join("; ")}` })),
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
