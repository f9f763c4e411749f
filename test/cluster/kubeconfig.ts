// Kubeconfig files for the identities of a cluster.
import { writeFile } from "node:fs/promises";
import type { Credentials } from "./pki.ts";

export type KubeUser = Credentials | { readonly token: string };

/** JSON, which is YAML; file paths are kept as paths. */
const kubeconfigText = (server: string, caFile: string, user: KubeUser, namespace = "default"): string =>
  `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "kv-responder", cluster: { server, "certificate-authority": caFile } }],
      users: [{ name: "user", user: "token" in user ? user : { "client-certificate": user.certFile, "client-key": user.keyFile } }],
      contexts: [{ name: "kv-responder", context: { cluster: "kv-responder", user: "user", namespace } }],
      "current-context": "kv-responder",
    },
    undefined,
    2,
  )}\n`;

/** Writes the file (mode 0600) and returns its path. */
export const writeKubeconfig = async (file: string, server: string, caFile: string, user: KubeUser, namespace?: string): Promise<string> => {
  await writeFile(file, kubeconfigText(server, caFile, user, namespace), { mode: 0o600 });
  return file;
};
