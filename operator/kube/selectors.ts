// Asks who selects monitors and rules, and for a namespace's labels: only reads, and every answer is a value.
import { namespaceKind, type SelectingKind } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";
import type { Labels } from "../reconcile/label-selector.ts";
import { isApiError } from "./errors.ts";
import type { KubeClient } from "./types.ts";

/** "failed": the API server gave no answer; the next one may. */
export type NoAnswer = "forbidden" | "failed";

/** A first reconcile waits for these answers. */
const timeoutMs = 5_000;

const noAnswer = (error: unknown): NoAnswer => {
  if (!isApiError(error)) throw error;
  return error.kind === "forbidden" ? "forbidden" : "failed";
};

/** Of all namespaces. A kind that is not served has no objects. */
export const listSelecting = async (client: Pick<KubeClient, "list">, kind: SelectingKind, signal: AbortSignal): Promise<readonly KubeObject[] | NoAnswer> => {
  try {
    // from the API server's cache, in one piece: a moment's delay is nothing here
    return (await client.list(kind, { resourceVersion: "0", timeoutMs, signal })).items;
  } catch (error) {
    return isApiError(error, "missingKind", "notFound") ? [] : noAnswer(error);
  }
};

export const namespaceLabels = async (client: Pick<KubeClient, "get">, name: string, signal: AbortSignal): Promise<Labels | NoAnswer> => {
  try {
    return (await client.get(namespaceKind, { name }, { timeoutMs, signal }))?.metadata.labels ?? {};
  } catch (error) {
    return noAnswer(error);
  }
};
