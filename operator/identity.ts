// Who this operator is, in its logs and traces.
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { version } from "#lib/version";

const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** Undefined outside of a cluster. */
const ownNamespace = (): string | undefined => {
  try {
    return readFileSync(namespaceFile, "utf8").trim();
  } catch {
    return undefined;
  }
};

export interface Identity {
  readonly service: string;
  readonly pod: string;
  readonly namespace?: string;
  readonly version: string;
}

export const identity = (): Identity => {
  const namespace = ownNamespace();
  return { service: "kv-responder-operator", pod: hostname(), ...(namespace !== undefined && { namespace }), version };
};

/** A Deployment names its pods <deployment>-<hash of the template>-<five characters>. */
const podName = /^(?<deployment>.+)-[a-z0-9]{5,10}-[a-z0-9]{5}$/;

/** The same in the words of OpenTelemetry. */
export const traceResource = ({ service, pod, namespace, version: serviceVersion }: Identity): Readonly<Record<string, string>> => {
  const deployment = podName.exec(pod)?.groups?.["deployment"];
  return {
    "service.name": service,
    "service.version": serviceVersion,
    "service.instance.id": pod,
    ...(namespace !== undefined && { "k8s.namespace.name": namespace, "k8s.pod.name": pod, ...(deployment !== undefined && { "k8s.deployment.name": deployment }) }),
  };
};
