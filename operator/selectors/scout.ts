// Looks now and then who selects monitors and rules in the cluster, for all resources at once, and tells when something has changed.
import type { Timers } from "#lib/clock";
import { selectingKinds, type SelectingKind } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";
import type { Labels } from "../reconcile/label-selector.ts";
import { asksForNamespaces, selectingOf, type Selecting, type Sight } from "../reconcile/selecting.ts";

/** "failed": the next question may be answered. */
type Answer<T> = T | "forbidden" | "failed";

export interface ScoutDeps {
  /** Bounded in time, never rejects. */
  readonly list: (kind: SelectingKind, signal: AbortSignal) => Promise<Answer<readonly KubeObject[]>>;
  readonly labels: (namespace: string, signal: AbortSignal) => Promise<Answer<Labels>>;
  /** The only namespaces that are looked in; absent: all. Who is elsewhere may still select. */
  readonly within?: readonly string[] | undefined;
  /** Labels of namespaces are wanted whether or not anybody selects by them. */
  readonly wantsLabels?: boolean;
  /** Namespaces that have a resource. */
  readonly namespaces: () => ReadonlySet<string>;
  /** Something else is seen than before, in this namespace or, without one, in all. */
  readonly onNews: (namespace?: string) => void;
  readonly timers: Pick<Timers, "after">;
}

export interface Scout {
  /** What was seen last; for the first time in a namespace after a look, which is bounded in time. Never rejects. */
  look(namespace: string): Promise<Sight>;
  /** The labels of a namespace, for who has said that they are wanted; asked for again like everything else. Never rejects. */
  labelsOf(namespace: string): Promise<Answer<Labels>>;
  /** Nothing is asked any more; what is under way is cut. */
  stop(): void;
}

const roundMs = 30_000;
/** In rounds: a permission comes with a change of the role, which is rare. */
const roundsForbidden = 20;
/** Namespaces asked for in a round, those first that wait longest: five a second at most, however many there are. */
const namespacesARound = 150;

interface Seen<T> {
  readonly answer: Answer<T>;
  /** The round in which to ask again. */
  readonly due: number;
}

export const createScout = ({ list, labels, within, wantsLabels = false, namespaces, onNews, timers }: ScoutDeps): Scout => {
  const kinds = new Map<SelectingKind, Seen<readonly Selecting[]>>();
  /** Those that were asked for last come last. */
  const places = new Map<string, Seen<Labels>>();
  const underWay = new Map<string, Promise<unknown>>();
  const stopped = new AbortController();
  let rounds = 0;
  let first: Promise<void> | undefined;
  let cancel = (): void => {};

  /** True when it is news. An API server that does not answer changes nothing. */
  const keep = <K, T>(seen: Map<K, Seen<T>>, key: K, latest: Answer<T>): boolean => {
    const before = seen.get(key);
    const answer = latest === "failed" && before ? before.answer : latest;
    seen.delete(key);
    seen.set(key, { answer, due: rounds + (latest === "forbidden" ? roundsForbidden : 1) });
    return before !== undefined && JSON.stringify(answer) !== JSON.stringify(before.answer);
  };
  const isDue = (seen: Seen<unknown> | undefined): boolean => seen === undefined || seen.due <= rounds;
  const tell = (namespace?: string): void => {
    if (!stopped.signal.aborted) onNews(namespace);
  };

  const askKind = async (kind: SelectingKind): Promise<boolean> => {
    const found = await list(kind, stopped.signal);
    if (typeof found === "string") return keep(kinds, kind, found);
    const living = found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return keep(kinds, kind, living.map((object) => selectingOf(kind, object)).sort((a, b) => (a.who < b.who ? -1 : 1)));
  };

  const askPlace = async (namespace: string): Promise<void> => {
    if (keep(places, namespace, await labels(namespace, stopped.signal))) tell(namespace);
  };

  const selecting = (): Selecting[] => [...kinds.values()].flatMap(({ answer }) => (typeof answer === "string" ? [] : answer));

  const round = async (): Promise<void> => {
    rounds += 1;
    const news = await Promise.all(selectingKinds.filter((kind) => isDue(kinds.get(kind))).map(askKind));
    if (news.includes(true)) tell();
    const wanted = wantsLabels || asksForNamespaces(selecting()) ? namespaces() : new Set();
    for (const namespace of places.keys()) if (!wanted.has(namespace)) places.delete(namespace);
    const due = [...places].filter(([, seen]) => isDue(seen)).slice(0, namespacesARound);
    for (const [namespace] of due) if (!stopped.signal.aborted) await askPlace(namespace);
    if (!stopped.signal.aborted) cancel = timers.after(roundMs, () => void round());
  };

  const placeOnce = async (namespace: string): Promise<void> => {
    const asking = underWay.get(namespace) ?? askPlace(namespace).finally(() => underWay.delete(namespace));
    underWay.set(namespace, asking);
    await asking;
  };

  const hidden = (kind: SelectingKind): Sight["hidden"] => {
    const answer = kinds.get(kind)?.answer ?? "failed";
    const resource = `${kind.plural}.${kind.group}`;
    if (typeof answer !== "string") return within ? [{ kind, why: `the operator looks for ${resource} in the namespaces that it tends alone` }] : [];
    return [{ kind, why: answer === "forbidden" ? `the operator may not list ${resource}` : `${resource} could not be listed` }];
  };

  return {
    async look(namespace) {
      if (!stopped.signal.aborted) await (first ??= round());
      const found = selecting();
      if (asksForNamespaces(found) && !places.has(namespace) && !stopped.signal.aborted) await placeOnce(namespace);
      const place = places.get(namespace)?.answer;
      return {
        selecting: found,
        hidden: selectingKinds.flatMap(hidden),
        ...(typeof place === "object" && { namespaceLabels: place }),
      };
    },

    async labelsOf(namespace) {
      if (!stopped.signal.aborted) await (first ??= round());
      if (!places.has(namespace) && !stopped.signal.aborted) await placeOnce(namespace);
      return places.get(namespace)?.answer ?? "failed";
    },

    stop() {
      stopped.abort();
      cancel();
    },
  };
};
