// Makes Secrets that the operator can never read. That it may create them is also how it finds out whether one exists.
import { randomBytes } from "node:crypto";
import type { Kind } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";
import type { OutcomeResult } from "../reconcile/outcome.ts";
import { isApiError } from "./errors.ts";
import type { KubeClient } from "./types.ts";

const secretKind: Kind = { group: "", version: "v1", kind: "Secret", plural: "secrets" };
const randomLength = 32;

/** The Secret without its value, and the key that gets one. */
export interface NewSecret {
  readonly object: KubeObject;
  readonly key: string;
  readonly encoding: "hex" | "base64url";
}

export interface SecretAnswer {
  readonly result: Extract<OutcomeResult, "created" | "unchanged" | "pending" | "forbidden" | "deleting" | "failed">;
  readonly detail?: string;
  readonly retryAfterMs?: number;
}

type Creator = Pick<KubeClient, "create">;

/** "unchanged": there is one of this name (the answer 409, which changes nothing). With `dryRun` none is made: "pending" says that there is none. */
export const ensureSecret = async (client: Creator, { object, key, encoding }: NewSecret, { dryRun, signal }: { dryRun: boolean; signal: AbortSignal }): Promise<SecretAnswer> => {
  try {
    await client.create(secretKind, { ...object, stringData: { [key]: randomBytes(randomLength).toString(encoding) } }, { dryRun, signal });
    return dryRun ? { result: "pending" } : { result: "created" };
  } catch (error) {
    return failure(error);
  }
};

/** Whether there is a Secret of this name, whosever. undefined: the API server did not say. */
export const secretExists = async (client: Creator, { namespace, name }: { namespace: string; name: string }, signal: AbortSignal): Promise<boolean | undefined> => {
  try {
    await client.create(secretKind, { apiVersion: "v1", kind: "Secret", metadata: { namespace, name } }, { dryRun: true, signal });
    return false;
  } catch (error) {
    return failure(error).result === "unchanged" ? true : undefined;
  }
};

const failure = (error: unknown): SecretAnswer => {
  if (!isApiError(error)) throw error;
  const { kind, detail, retryAfterMs } = error;
  if (kind === "alreadyExists") return { result: "unchanged" };
  if (kind === "forbidden") return { result: "forbidden", detail };
  if (kind === "namespaceTerminating") return { result: "deleting", detail: "its namespace is being deleted" };
  return { result: "failed", detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
};
