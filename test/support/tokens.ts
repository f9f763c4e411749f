// Tokens as tests and the demo read them: as a person with access to Secrets would.
import type { Status } from "#crds/status";
import type { Cluster } from "../cluster/types.ts";
import { path } from "./kvresponders.ts";

/** Value of the key `token`; undefined when there is no such Secret. */
export const tokenIn = async (cluster: Cluster, namespace: string, secret: string): Promise<string | undefined> => {
  const found = await cluster.get<{ data?: Record<string, string> }>(`/api/v1/namespaces/${namespace}/secrets/${secret}`);
  return found && Buffer.from(found.data?.["token"] ?? "", "base64").toString();
};

/** The token to use, of a resource that is Ready. */
export const tokenOf = async (cluster: Cluster, namespace: string, name: string): Promise<string> => {
  const resource = await cluster.get<{ status?: Status }>(path(namespace, name));
  const token = await tokenIn(cluster, namespace, resource?.status?.tokenSecret ?? "none");
  if (!token) throw new Error(`${namespace}/${name} has no token: its status is ${JSON.stringify(resource?.status)}`);
  return token;
};
