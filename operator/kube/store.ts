// What a reflector knows of one kind, indexed by namespace and name, and how lists, watch events and our own writes change it.
//
// resourceVersions of a kind grow and may be compared (documented since Kubernetes 1.35), which settles every race between the three sources:
// an event that is not newer than what is held is an echo or a replay; a write that is older than a known deletion is no news.
import type { KubeObject } from "../objects.ts";
import type { ReflectorEvent, Store, WatchEvent } from "./types.ts";

type Emit = (event: ReflectorEvent) => void;

export interface MutableStore extends Store {
  /** To be called before a list is asked for: writes from now on may be missing in it. */
  beginList(): void;
  /** The full list as of `resourceVersion`. */
  replace(items: readonly KubeObject[], resourceVersion: string): void;
  observe(event: Exclude<WatchEvent, { type: "BOOKMARK" }>): void;
  /** Forgets everything, with deleted events. */
  clear(): void;
}

/** Deletions to remember between two lists; a replayed event of an older one would come back as a ghost until the next list. */
const mostTombstones = 4096;

export const createStore = (emit: Emit): MutableStore => {
  const byNamespace = new Map<string, Map<string, KubeObject>>();
  /** Objects written by us since the last list was asked for. */
  const written = new Map<string, KubeObject>();
  /** resourceVersion of the deletion. */
  const tombstones = new Map<string, string>();
  let listVersion = "";
  let size = 0;

  const get = (namespace: string, name: string): KubeObject | undefined => byNamespace.get(namespace)?.get(name);

  const put = (object: KubeObject): void => {
    const { namespace = "", name } = object.metadata;
    const names = byNamespace.get(namespace) ?? new Map<string, KubeObject>();
    if (!names.has(name)) size++;
    byNamespace.set(namespace, names.set(name, object));
  };

  const remove = ({ metadata: { namespace = "", name } }: KubeObject): void => {
    const names = byNamespace.get(namespace);
    if (names?.delete(name) !== true) return;
    size--;
    if (names.size === 0) byNamespace.delete(namespace);
  };

  const list = (namespace?: string): KubeObject[] =>
    namespace === undefined ? [...byNamespace.values()].flatMap((names) => [...names.values()]) : [...(byNamespace.get(namespace)?.values() ?? [])];

  /** Puts the object in and tells; a new UID is another object. */
  const accept = (object: KubeObject, old: KubeObject | undefined): void => {
    put(object);
    if (old && old.metadata.uid !== object.metadata.uid) emit({ type: "deleted", object: old });
    emit(old && old.metadata.uid === object.metadata.uid ? { type: "modified", object, old } : { type: "added", object });
  };

  /** An object that is not held and is not newer than this has been deleted. */
  const knownGone = (object: KubeObject): boolean => {
    const version = versionOf(object);
    const tombstone = tombstones.get(keyOf(object));
    return !isNewer(version, listVersion) || (tombstone !== undefined && !isNewer(version, tombstone));
  };

  const bury = (object: KubeObject): void => {
    const known = tombstones.get(keyOf(object));
    // a replayed deletion of a predecessor must not let later events of the last one back in
    if (known !== undefined && !isNewer(versionOf(object), known)) return;
    tombstones.delete(keyOf(object));
    tombstones.set(keyOf(object), versionOf(object));
    const [oldest] = tombstones.keys();
    if (tombstones.size > mostTombstones && oldest !== undefined) tombstones.delete(oldest);
  };

  return {
    get,
    list,
    get size() {
      return size;
    },

    upsert(object) {
      const held = get(object.metadata.namespace ?? "", object.metadata.name);
      if (held ? !isNewer(versionOf(object), versionOf(held)) : knownGone(object)) return;
      put(object);
      written.set(keyOf(object), object);
    },

    beginList: () => written.clear(),

    replace(items, resourceVersion) {
      const listed = new Set(items.map(keyOf));
      listVersion = resourceVersion;
      tombstones.clear();
      for (const held of list()) {
        const mine = written.get(keyOf(held));
        if (listed.has(keyOf(held)) || (mine && isNewer(versionOf(mine), resourceVersion))) continue;
        remove(held);
        emit({ type: "deleted", object: held });
      }
      for (const item of items) {
        const held = get(item.metadata.namespace ?? "", item.metadata.name);
        const mine = written.get(keyOf(item));
        // beside our own fresh writes the list is the truth, even where it is older: etcd may have been restored
        if ((mine && isNewer(versionOf(mine), versionOf(item))) || (held && versionOf(held) === versionOf(item))) continue;
        accept(item, held);
      }
    },

    observe({ type, object }) {
      const held = get(object.metadata.namespace ?? "", object.metadata.name);
      if (type === "DELETED") {
        if (held && isNewer(versionOf(held), versionOf(object))) return;
        bury(object);
        if (!held) return;
        remove(held);
        emit({ type: "deleted", object });
        return;
      }
      if (held ? isNewer(versionOf(object), versionOf(held)) : !knownGone(object)) accept(object, held);
    },

    clear() {
      for (const object of list()) {
        remove(object);
        emit({ type: "deleted", object });
      }
      tombstones.clear();
      written.clear();
      listVersion = "";
    },
  };
};

const keyOf = ({ metadata: { namespace = "", name } }: KubeObject): string => `${namespace}/${name}`;
const versionOf = (object: KubeObject): string => object.metadata.resourceVersion ?? "";

const decimal = /^[1-9]\d*$/;

/** Whether resourceVersion `a` is later than `b`. Versions that cannot be compared (not decimal) count as news, unless they are equal. */
export const isNewer = (a: string, b: string): boolean => {
  if (!decimal.test(a) || !decimal.test(b)) return a !== b;
  return a.length === b.length ? a > b : a.length > b.length;
};
