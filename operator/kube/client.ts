// The API client: the verbs of Kubernetes on raw JSON, so that fields nobody here knows survive.
import { apiVersionOf } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";
import { isApiError } from "./errors.ts";
import { groupPath, objectPath, queryOf } from "./paths.ts";
import { createTransport, type Call, type TransportOptions } from "./transport.ts";
import type { KubeClient, Named } from "./types.ts";
import { lines, parseEvent } from "./watch-stream.ts";

export type { RequestReport } from "./transport.ts";

/** Throws an Error that says what to do when the kubeconfig cannot be used. No connection is opened yet. */
export const createClient = (options: TransportOptions = {}): KubeClient => {
  const transport = createTransport(options);
  const object = async (call: Call): Promise<KubeObject> => (await transport.json(call)).json as KubeObject;

  return {
    server: transport.server,
    async get(kind, { namespace, name }, call = {}) {
      try {
        return await object({ ...call, verb: "get", method: "GET", path: objectPath(kind, { namespace, name }) });
      } catch (error) {
        if (isApiError(error, "notFound")) return undefined;
        throw error;
      }
    },

    async list(kind, { namespace, labelSelector, limit, resourceVersion, resourceVersionMatch, continue: token, ...call } = {}) {
      const path = objectPath(kind, { namespace }) + queryOf({ labelSelector, limit, continue: token, resourceVersion, resourceVersionMatch });
      const answer = (await object({ ...call, verb: "list", method: "GET", path })) as unknown as RawList;
      const next = answer.metadata?.continue;
      return {
        items: (answer.items ?? []).map((item) => ({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind })),
        resourceVersion: answer.metadata?.resourceVersion ?? "",
        ...(next && { continue: next }),
      };
    },

    async watch(kind, { namespace, labelSelector, resourceVersion, timeoutSeconds, signal }) {
      const path = objectPath(kind, { namespace }) + queryOf({ watch: true, allowWatchBookmarks: true, labelSelector, resourceVersion, timeoutSeconds });
      const stream = await transport.stream({ verb: "watch", method: "GET", path, ...(signal && { signal }) });
      return {
        async *[Symbol.asyncIterator]() {
          try {
            for await (const line of lines(stream.body)) {
              const event = parseEvent(line);
              if ("kind" in event) throw stream.fail(event);
              yield event;
            }
          } catch (error) {
            throw stream.failure(error);
          } finally {
            stream.close();
          }
        },
      };
    },

    async apply(kind, body, { fieldManager, force, subresource, ...call }) {
      const path = objectPath(kind, { ...named(body), subresource }) + queryOf({ fieldManager, force, fieldValidation: "Strict" });
      const answer = await transport.json({ ...call, verb: "apply", method: "PATCH", path, body, contentType: "application/apply-patch+yaml" });
      return { object: answer.json as KubeObject, created: answer.status === 201 };
    },

    mergePatch(kind, of, patch, { subresource, ...call } = {}) {
      const path = objectPath(kind, { namespace: of.namespace, name: of.name, subresource }) + queryOf({ fieldValidation: "Strict" });
      return object({ ...call, verb: "patch", method: "PATCH", path, body: patch, contentType: "application/merge-patch+json" });
    },

    create(kind, body, { dryRun = false, ...call } = {}) {
      const path = objectPath(kind, { namespace: body.metadata.namespace }) + queryOf({ fieldValidation: "Strict", dryRun: dryRun ? "All" : undefined });
      return object({ ...call, verb: "create", method: "POST", path, body });
    },

    async delete(kind, { namespace, name }, { uid, resourceVersion, propagationPolicy = "Background", ...call } = {}) {
      const preconditions = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
      const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions, propagationPolicy };
      try {
        await transport.json({ ...call, verb: "delete", method: "DELETE", path: objectPath(kind, { namespace, name }), body });
        return true;
      } catch (error) {
        if (isApiError(error, "notFound", "missingKind")) return false;
        throw error;
      }
    },

    async discover(groupVersion, call = {}) {
      try {
        const found = (await object({ ...call, verb: "discover", method: "GET", path: groupPath(groupVersion) })) as unknown as RawDiscovery;
        return new Set((found.resources ?? []).map((r) => r.name).filter((name) => !name.includes("/")));
      } catch (error) {
        if (isApiError(error, "missingKind", "notFound")) return undefined;
        throw error;
      }
    },

    close: () => transport.close(),
  };
};

interface RawList {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[];
}

interface RawDiscovery {
  resources?: { name: string }[];
}

const named = ({ metadata }: KubeObject): Named => ({ namespace: metadata.namespace, name: metadata.name });
