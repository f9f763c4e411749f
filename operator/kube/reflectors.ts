// One reflector a namespace behind the interface of one: how the namespaces of a list are watched, with permissions in each of them alone.
import type { PlainReflector } from "./reflector.ts";
import type { Reflector, ReflectorState, Store } from "./types.ts";

/** The whole is what the first of these is that any namespace is. */
const worstFirst: readonly ReflectorState[] = ["idle", "absent", "syncing", "forbidden", "synced"];

/** Namespaces that are not in the list hold nothing. */
const joined = (stores: ReadonlyMap<string, Store>): Store => ({
  get: (namespace, name) => stores.get(namespace)?.get(namespace, name),
  list: (namespace) => (namespace === undefined ? [...stores.values()].flatMap((store) => store.list()) : (stores.get(namespace)?.list(namespace) ?? [])),
  get size() {
    return [...stores.values()].reduce((sum, store) => sum + store.size, 0);
  },
  upsert: (object) => stores.get(object.metadata.namespace ?? "")?.upsert(object),
});

/** All parts are of one kind; their namespaces are the keys. There is at least one. */
export const reflectEach = (parts: ReadonlyMap<string, PlainReflector>): Reflector => {
  const all = [...parts.values()];
  const [first] = all;
  if (!first) throw new Error("there is no namespace to watch");

  return {
    kind: first.kind,
    store: joined(new Map([...parts].map(([namespace, { store }]) => [namespace, store]))),
    get state() {
      return worstFirst.find((state) => all.some((part) => part.state === state)) ?? "idle";
    },
    onEvent: (handler) => {
      for (const part of all) part.onEvent(handler);
    },
    start() {
      for (const part of all) part.start();
    },
    covers: (namespace) => parts.get(namespace)?.covers(namespace) === true,
    // a namespace that has been deleted, or whose Role is missing, must not keep the others from being tended; it comes in as soon as it may be listed
    async whenSynced() {
      await Promise.all(all.map((part) => part.whenAnswered()));
      await Promise.any(all.map((part) => part.whenSynced()));
    },
    stalenessMs: () => Math.max(...all.map((part) => part.stalenessMs())),
    async stop(options) {
      await Promise.all(all.map((part) => part.stop(options)));
    },
  };
};
