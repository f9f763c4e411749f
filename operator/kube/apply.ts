// Applies one child: only what differs, never an object that is not ours.
import { isDeepStrictEqual } from "node:util";
import { fieldManager } from "#crds/names";
import type { OwnedKind } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";
import { differs } from "../reconcile/diff.ts";
import { appliedFields } from "../reconcile/fields-v1.ts";
import type { Outcome } from "../reconcile/outcome.ts";
import { isApiError } from "./errors.ts";
import { reshape } from "./reshape.ts";
import type { Applied, KubeClient, Store } from "./types.ts";

export interface ApplyDeps {
  readonly client: Pick<KubeClient, "get" | "apply" | "mergePatch" | "delete">;
}

/** The resource that the child belongs to. */
export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export interface ApplyRequest {
  readonly kind: Omit<OwnedKind, "optional">;
  readonly desired: KubeObject;
  readonly owner: Owner;
  readonly store: Store;
  /** Only say whether something would be written. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** What to do with one child. */
type Step =
  | { readonly step: "nothing" | "wait" | "refuse"; readonly detail?: string }
  | { readonly step: "write" | "replace"; readonly detail: string };

/**
 * An object is ours by its controller reference, or by our managed fields when somebody has taken that reference away.
 * The UID decides, not the name: the children of a resource that was deleted and made again still belong to the old one, and go with it.
 */
const decide = (desired: KubeObject, live: KubeObject | undefined, owner: Owner, fixed: readonly string[] = []): Step => {
  if (!live) return { step: "write", detail: "it does not exist" };
  const controller = live.metadata.ownerReferences?.find((r) => r.controller === true);
  if (controller && controller.uid !== owner.uid) {
    const predecessor = controller.name === owner.name && controller.kind === owner.kind && controller.apiVersion === owner.apiVersion;
    return predecessor ? { step: "wait", detail: `it belongs to a deleted ${owner.kind} of this name and goes with it` } : { step: "refuse" };
  }
  if (!controller && !appliedFields(live, fieldManager)) return { step: "refuse" };
  if (live.metadata.deletionTimestamp !== undefined) return { step: "wait", detail: "the old one is still being deleted" };
  const replaced = fixed.find((field) => !isDeepStrictEqual(specOf(desired)[field], specOf(live)[field]));
  if (replaced !== undefined) return { step: "replace", detail: `spec.${replaced} cannot be changed, so it is removed and made again` };
  const difference = differs(desired, live, fieldManager);
  return difference ? { step: "write", detail: `${difference.path || "the object"} was ${difference.reason}` } : { step: "nothing" };
};

const specOf = (object: KubeObject): Readonly<Record<string, unknown>> => (object["spec"] ?? {}) as Record<string, unknown>;

/**
 * Watches filter by our labels, so an object that the store lacks is asked for before it is made.
 * A create uses force=false: an object that appears in between is a field conflict instead of being overwritten. An update uses force=true and carries
 * the UID that was seen: an object that was replaced in between is refused. After such a race the live object is read once and decided on again.
 */
export const applyChild = async ({ client }: ApplyDeps, { kind, desired, owner, store, dryRun, signal }: ApplyRequest): Promise<Outcome> => {
  const { namespace = "", name } = desired.metadata;
  const read = () => client.get(kind, { namespace, name }, { signal });

  const attempt = async (live: KubeObject | undefined): Promise<Outcome> => {
    const { step, detail } = decide(desired, live, owner, kind.fixed);
    const outcome = { desired, ...(detail !== undefined && { detail }), ...(live && { live }) };
    if (step === "refuse") return { ...outcome, result: "conflict" };
    if (step === "wait") return { ...outcome, result: "deleting" };
    if (step === "nothing") return { ...outcome, result: "unchanged" };
    if (dryRun) return { ...outcome, result: "pending" };
    if (step === "replace") {
      await client.delete(kind, { namespace, name }, { uid: live?.metadata.uid, signal });
      return { ...outcome, result: "deleting" };
    }
    const { object, created } = await write(live);
    if (!live && !created && isShared(object)) {
      await letGo(object);
      return { desired, result: "conflict", live: object };
    }
    store.upsert(object);
    return { ...outcome, result: created ? "created" : "updated", live: object };
  };

  const write = async (live: KubeObject | undefined): Promise<Applied> => {
    try {
      return await client.apply(kind, withUid(desired, live), { fieldManager, force: live !== undefined, signal });
    } catch (error) {
      if (!live || !isApiError(error, "invalid")) throw error;
      return reshape(client, kind, desired, live, signal);
    }
  };

  /** We have just written into a foreign object that appeared after we looked: an apply of nothing takes all our fields out again. */
  const letGo = async ({ apiVersion, kind: k, metadata }: KubeObject): Promise<void> => {
    await client.apply(kind, withUid({ apiVersion, kind: k, metadata: { name, namespace } }, { apiVersion, kind: k, metadata }), { fieldManager, force: true, signal });
  };

  try {
    const known = store.get(namespace, name) ?? (await read());
    try {
      return await attempt(known);
    } catch (error) {
      if (!isApiError(error, "conflict", "fieldConflict")) throw error;
      return await attempt(await read());
    }
  } catch (error) {
    return failure(desired, error);
  }
};

const withUid = (body: KubeObject, live: KubeObject | undefined): KubeObject =>
  live?.metadata.uid === undefined ? body : { ...body, metadata: { ...body.metadata, uid: live.metadata.uid } };

/** Somebody beside us has written this object, and not only its status. */
const isShared = ({ metadata }: KubeObject): boolean => metadata.managedFields?.some((e) => e.manager !== fieldManager && (e.subresource ?? "") === "") === true;

const failure = (desired: KubeObject, error: unknown): Outcome => {
  if (!isApiError(error)) throw error;
  const { kind, detail, retryAfterMs } = error;
  switch (kind) {
    case "missingKind":
      return { desired, result: "missingKind" };
    case "forbidden":
      return { desired, result: "forbidden", detail };
    case "fieldConflict":
      return { desired, result: "conflict" };
    case "namespaceTerminating":
      return { desired, result: "deleting", detail: "its namespace is being deleted" };
    default:
      return { desired, result: "failed", detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
};
