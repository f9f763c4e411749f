// URLs of the Kubernetes API.
import type { Kind } from "../kinds.ts";

/** "/api/v1" or "/apis/apps/v1" */
export const groupPath = (groupVersion: string): string => (groupVersion.includes("/") ? `/apis/${groupVersion}` : `/api/${groupVersion}`);

export interface Place {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

export const objectPath = (kind: Kind, { namespace, name, subresource }: Place): string => {
  const parts = [groupPath(kind.group === "" ? kind.version : `${kind.group}/${kind.version}`)];
  if (namespace) parts.push("namespaces", encodeURIComponent(namespace));
  parts.push(kind.plural);
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource) parts.push(subresource);
  return parts.join("/");
};

/** The path without names of objects: "/apis/apps/v1/namespaces/{namespace}/deployments/{name}". */
export const pathTemplate = (path: string): string =>
  path.replace(/^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)(\/namespaces\/[^/]+(?=\/))?(\/[^/]+)(\/[^/]+)?/, (_, group: string, namespace: string | undefined, plural: string, name: string | undefined) =>
    `${group}${namespace === undefined ? "" : "/namespaces/{namespace}"}${plural}${name === undefined ? "" : "/{name}"}`,
  );

/** "?a=1&b=2", or "" when nothing is set. */
export const queryOf = (parameters: Readonly<Record<string, string | number | boolean | undefined>>): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? "" : `?${query.toString()}`;
};
