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

export const identity = (): { readonly service: string; readonly pod: string; readonly namespace?: string; readonly version: string } => {
  const namespace = ownNamespace();
  return { service: "kv-responder-operator", pod: hostname(), ...(namespace !== undefined && { namespace }), version };
};
