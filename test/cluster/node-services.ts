// Where a Service or a pod of the node's cluster is reached inside its network.
import type { Api } from "./api.ts";
import type { ForwardTarget, PodObject, PodTarget, ServiceTarget } from "./types.ts";

interface ServiceObject {
  readonly spec: { readonly clusterIP?: string; readonly ports?: readonly { readonly name?: string; readonly port: number }[] };
}

export interface InsideAddress {
  readonly host: string;
  readonly port: number;
}

/** Throws when there is no such Service or port, or when the Service has no address of its own. */
export const serviceAddress = async (api: Api, { namespace = "default", service, port }: ServiceTarget): Promise<InsideAddress> => {
  const found = await api.get<ServiceObject>(`/api/v1/namespaces/${namespace}/services/${service}`);
  if (found === undefined) throw new Error(`no Service ${namespace}/${service}`);
  const { clusterIP = "None", ports = [] } = found.spec;
  if (clusterIP === "None" || clusterIP === "") throw new Error(`Service ${namespace}/${service} has no cluster IP: forward to one that has`);
  const match = ports.find((each) => each.port === port || each.name === port);
  if (match === undefined) throw new Error(`Service ${namespace}/${service} has no port ${port}: choose from ${ports.map((each) => each.name ?? each.port).join(", ")}`);
  return { host: clusterIP, port: match.port };
};

/** Throws when there is no such pod, or when it has no address yet. */
const podAddress = async (api: Api, { namespace = "default", pod, port }: PodTarget): Promise<InsideAddress> => {
  const found = await api.get<PodObject>(`/api/v1/namespaces/${namespace}/pods/${pod}`);
  if (found === undefined) throw new Error(`no pod ${namespace}/${pod}`);
  if (!found.status.podIP) throw new Error(`pod ${namespace}/${pod} has no address yet`);
  return { host: found.status.podIP, port };
};

export const targetAddress = (api: Api, target: ForwardTarget): Promise<InsideAddress> => ("pod" in target ? podAddress(api, target) : serviceAddress(api, target));
