// What a pod spec lacks of Kubernetes' restricted Pod Security Standard, and of our own rules beyond it.

interface Container {
  name: string;
  image?: string;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown> & { capabilities?: { add?: string[]; drop?: string[] } };
  livenessProbe?: object;
  readinessProbe?: object;
  startupProbe?: object;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Record<string, unknown>[];
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; runAsGroup?: number; seccompProfile?: { type: string } };
  [field: string]: unknown;
}

const allowedVolumes = new Set(["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"]);

const containerProblems = (c: Container): string[] => {
  const s = c.securityContext ?? {};
  return [
    s["allowPrivilegeEscalation"] === false ? "" : "allowPrivilegeEscalation",
    s["privileged"] === undefined ? "" : "privileged",
    s["runAsNonRoot"] === false || s["runAsUser"] === 0 ? "runs as root" : "",
    s.capabilities?.drop?.includes("ALL") ? "" : "capabilities.drop",
    s.capabilities?.add === undefined ? "" : "capabilities.add",
    // ours, beyond the standard
    s["readOnlyRootFilesystem"] === true ? "" : "readOnlyRootFilesystem",
    c.resources?.limits?.["memory"] ? "" : "limits.memory",
    c.resources?.requests?.["memory"] === c.resources?.limits?.["memory"] ? "" : "requests.memory",
    c.livenessProbe && c.readinessProbe && c.startupProbe ? "" : "probes",
  ]
    .filter((p) => p !== "")
    .map((p) => `${c.name}: ${p}`);
};

export const podSecurityProblems = (pod: PodSpec): string[] => {
  const s = pod.securityContext ?? {};
  return [
    s.runAsNonRoot === true ? "" : "runAsNonRoot",
    (s.runAsUser ?? 0) > 0 && (s.runAsGroup ?? 0) > 0 ? "" : "runAsUser and runAsGroup",
    s.seccompProfile?.type === "RuntimeDefault" ? "" : "seccompProfile",
    ...["hostNetwork", "hostPID", "hostIPC"].map((f) => (pod[f] === undefined ? "" : f)),
    ...(pod.volumes ?? []).flatMap((v) => Object.keys(v).filter((k) => k !== "name" && !allowedVolumes.has(k))),
    typeof pod["automountServiceAccountToken"] === "boolean" ? "" : "automountServiceAccountToken is left to chance",
    pod["enableServiceLinks"] === false ? "" : "enableServiceLinks",
    ...[...pod.containers, ...(pod.initContainers ?? [])].flatMap(containerProblems),
  ].filter((p) => p !== "");
};
