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

type Lists = Pick<KubeClient, "list">;

const listIn = async (client: Lists, kind: SelectingKind, namespace: string | undefined, signal: AbortSignal): Promise<readonly KubeObject[] | NoAnswer> => {
  try {
    // from the API server's cache, in one piece: a moment's delay is nothing here
    return (await client.list(kind, { namespace, resourceVersion: "0", timeoutMs, signal })).items;
  } catch (error) {
    return isApiError(error, "missingKind", "notFound") ? [] : noAnswer(error);
  }
};

/**
 * Of these namespaces, or of all. A kind that is not served has no objects.
 * Of several, one that permits no list counts as empty: who may see only some of them must reckon with others in any case.
 */
export const listSelecting = async (client: Lists, kind: SelectingKind, namespaces: readonly string[] | undefined, signal: AbortSignal): Promise<readonly KubeObject[] | NoAnswer> => {
  const answers = await Promise.all((namespaces ?? [undefined]).map((namespace) => listIn(client, kind, namespace, signal)));
  if (answers.includes("failed")) return "failed";
  return answers.every((answer) => answer === "forbidden") ? "forbidden" : answers.flatMap((answer) => (typeof answer === "string" ? [] : answer));
};

export const namespaceLabels = async (client: Pick<KubeClient, "get">, name: string, signal: AbortSignal): Promise<Labels | NoAnswer> => {
  try {
    return (await client.get(namespaceKind, { name }, { timeoutMs, signal }))?.metadata.labels ?? {};
  } catch (error) {
    return noAnswer(error);
  }
};
