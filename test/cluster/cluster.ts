// The Cluster that tests and the demo hold, built around whatever plane a provider started.
import { join, resolve } from "node:path";
import { createApi } from "./api.ts";
import { readAuditLog } from "./audit.ts";
import { applyCommand, createKubectl } from "./kubectl.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import type { Reaper } from "./reaper.ts";
import type { Cluster, ClusterKind, KubectlOptions, Plane, PodObject } from "./types.ts";
import { waitFor } from "./wait.ts";

export interface ClusterParts {
  readonly kind: ClusterKind;
  readonly plane: Plane;
  readonly reaper: Reaper;
  readonly logs: string;
  readonly kubectlPath: string;
}

/** Long enough for any test run. */
const tokenSeconds = 24 * 3600;

const podsPath = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;

const splitOptions = (args: readonly (string | KubectlOptions)[]): { readonly words: readonly string[]; readonly options: KubectlOptions } => {
  const last = args.at(-1);
  return { words: args.filter((arg) => typeof arg === "string"), options: typeof last === "object" ? last : {} };
};

export const createCluster = async ({ kind, plane, reaper, logs, kubectlPath }: ClusterParts): Promise<Cluster> => {
  const { server, pki } = plane;
  const { dir } = reaper;
  const admin = await pki.issue({ name: "admin", commonName: "admin", organizations: ["system:masters"] });
  const kubeconfig = await writeKubeconfig(join(dir, "admin.conf"), server, pki.caFile, admin);
  const api = await createApi(server, pki.caFile, admin);
  const kubectl = createKubectl({ program: kubectlPath, kubeconfig, dir });

  const component = (name: string) => {
    const found = plane.components.find((c) => c.name === name);
    if (found === undefined) throw new Error(`no component ${name}: choose from ${plane.components.map((c) => c.name).join(", ")}`);
    return found;
  };

  const stop = async () => {
    await api.close();
    await plane.close?.();
    await reaper.end();
  };

  return {
    kind,
    dir,
    logs,
    kubeconfig,
    server,
    caFile: pki.caFile,
    pki,
    kubectlPath,
    kubectl: (...args: readonly (string | KubectlOptions)[]) => {
      const { words, options } = splitOptions(args);
      return kubectl(words, options);
    },
    apply: (what, options) => {
      const { args, input } = applyCommand(typeof what === "string" && !what.includes("\n") ? resolve(what) : what, options);
      return kubectl(args, input === undefined ? {} : { input });
    },
    request: api.request,
    get: api.get,
    waitFor,
    forward: plane.forward,
    loadImages: plane.loadImages,
    pods: async ({ namespace = "default", selector } = {}) => {
      const query = selector === undefined ? "" : `?labelSelector=${encodeURIComponent(selector)}`;
      const list = await api.must<{ readonly items: readonly PodObject[] }>("GET", `${podsPath(namespace)}${query}`);
      return list.items;
    },
    killPod: async (name, namespace = "default") => {
      await api.must("DELETE", `${podsPath(namespace)}/${name}`, { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: 0 });
    },
    auditLog: async () => {
      if (plane.auditFile === undefined) throw new Error("no audit log: start the cluster with audit: true");
      return readAuditLog(plane.auditFile, api);
    },
    serviceAccountKubeconfig: async (namespace, name) => {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: tokenSeconds } };
      const { status } = await api.must<{ readonly status: { readonly token: string } }>("POST", path, request);
      return writeKubeconfig(join(dir, `sa-${namespace}-${name}.conf`), server, pki.caFile, status, namespace);
    },
    component,
    refreshGarbageCollector: async () => {
      const manager = component("kube-controller-manager");
      await manager.stop({ signal: "SIGKILL" });
      await manager.start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
};
