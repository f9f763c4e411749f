// The ports of operator/kube: the client, the store and the reflector, as the rest of the operator sees them.
import type { Kind } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";

/** Every call takes these. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Bound of the whole call in milliseconds. Default: the client's (30,000). */
  readonly timeoutMs?: number;
}

export interface Named {
  /** Absent for cluster-wide kinds. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface ListOptions extends CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly limit?: number | undefined;
  /** Token of the page before. */
  readonly continue?: string | undefined;
  /** Absent: the most recent state (a consistent read). "0": whatever the server has cached. */
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan" | undefined;
}

export interface Page {
  /** apiVersion and kind are filled in: list items come without them. */
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continue?: string;
}

export interface WatchOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly resourceVersion: string;
  /** After this the server ends the watch. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KubeObject }
  /** Nothing happened to the kind up to this version. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string;
  /** Take fields that other managers hold. */
  readonly force: boolean;
  readonly subresource?: "status";
}

export interface Applied {
  /** The live object after the call, managedFields included. */
  readonly object: KubeObject;
  /** It did not exist before. */
  readonly created: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Fails with kind "conflict" when the live object is another one. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** Default: Background. */
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
}

/** Raw JSON over one pool of connections. Every method throws ApiError and nothing else. Nothing is tried twice: that is the queue's business. */
export interface KubeClient {
  /** "https://10.96.0.1:443" */
  readonly server: string;
  /** undefined: the kind is served but the object does not exist. Throws "missingKind" when it is not served. */
  get(kind: Kind, of: Named, options?: CallOptions): Promise<KubeObject | undefined>;
  /** One page. */
  list(kind: Kind, options?: ListOptions): Promise<Page>;
  /**
   * Resolves once the server has accepted the watch. Iteration ends when the server ends it in an orderly way, and throws ApiError for everything else,
   * an ERROR event in the stream included (kind "gone" for an expired version). Leaving the loop closes the connection.
   */
  watch(kind: Kind, options: WatchOptions): Promise<AsyncIterable<WatchEvent>>;
  /** Server-side apply. An unknown field is an error (fieldValidation=Strict): dropped in silence it would differ for ever. */
  apply(kind: Kind, object: KubeObject, options: ApplyOptions): Promise<Applied>;
  /** JSON merge patch (RFC 7386); `patch.metadata.{uid,resourceVersion}` are preconditions. */
  mergePatch(kind: Kind, of: Named, patch: object, options?: CallOptions & { readonly subresource?: "status" }): Promise<KubeObject>;
  /** With `dryRun` everything is checked and nothing is written. */
  create(kind: Kind, object: KubeObject, options?: CallOptions & { readonly dryRun?: boolean }): Promise<KubeObject>;
  /** false: it was gone already. */
  delete(kind: Kind, of: Named, options?: DeleteOptions): Promise<boolean>;
  /** Plurals that a group and version ("apps/v1", "v1") serves; undefined when it is not served. */
  discover(groupVersion: string, options?: CallOptions): Promise<ReadonlySet<string> | undefined>;
  /** Aborts what is under way and closes every connection. */
  close(): Promise<void>;
}

/** What a reflector knows of a kind. Objects are shared: never change one. */
export interface Store {
  /** `namespace` is "" for cluster-wide kinds. */
  get(namespace: string, name: string): KubeObject | undefined;
  list(namespace?: string): readonly KubeObject[];
  readonly size: number;
  /**
   * Takes in an object that we have just written, so that the next reconcile sees it before the watch tells (KEP-5647's idea). Ignored when the store
   * knows a newer one or knows that it has been deleted since. The watch's echo of the write is then no event.
   */
  upsert(object: KubeObject): void;
}

export type ReflectorEvent =
  | { readonly type: "added"; readonly object: KubeObject; readonly old?: undefined }
  | { readonly type: "modified"; readonly object: KubeObject; readonly old: KubeObject }
  /** `object` is the last state that was seen. A new UID under the same name is a delete and an add. */
  | { readonly type: "deleted"; readonly object: KubeObject; readonly old?: undefined };

export type ReflectorState =
  /** Not started, or stopped. */
  | "idle"
  /** No full list yet. */
  | "syncing"
  /** No full list yet, because the API server does not permit one; asked for again with backoff. */
  | "forbidden"
  /** The store holds a full list and a watch keeps it fresh (or is being opened again). */
  | "synced"
  /** The kind is not served. The store is empty; looked for again every `absentRetryMs`. */
  | "absent";

export interface Reflector {
  readonly kind: Kind;
  readonly store: Store;
  readonly state: ReflectorState;
  /** Handlers only enqueue. One that throws is logged and hurts nobody else. */
  onEvent(handler: (event: ReflectorEvent) => void): void;
  /** May be called again after stop(); without effect while running. */
  start(): void;
  /** Whether the store holds a full list of this namespace. */
  covers(namespace: string): boolean;
  /** Resolves when the store holds a full list, or the kind is known to be absent. Rejects never; stays pending when stopped before. */
  whenSynced(): Promise<void>;
  /** Milliseconds since the API server last confirmed what the store holds; bookmarks come about once a minute. Infinity before the first answer. */
  stalenessMs(): number;
  /** Leaves no connection and no timer. The store keeps what it has unless `forget` is set: then it is emptied with deleted events. */
  stop(options?: { readonly forget?: boolean }): Promise<void>;
}
