// Decides whose pods are replaced now when an upgrade of the operator would replace all of them: so many tenants at once, in the order in which they asked.
//
// What rolls is read from the Deployments, so a new operator goes on where the last one was. Asking takes the place in the same turn of the event loop,
// and keeps it until the Deployment shows the rollout: two workers never take the last one both. A rollout that is stuck keeps its place:
// an upgrade that breaks tenants stops after so many of them.
import { kind as ownerKind } from "#crds/names";
import type { KubeObject, KVResponder, Request } from "../objects.ts";
import type { Outcome } from "./outcome.ts";
import { changesPods, isAsked, isObserved, rolloutOf, type RolloutState } from "./rollout.ts";

export interface RolloutsDeps {
  /** Tenants at once, at most. */
  readonly limit: number;
  /** All Deployments of ours. */
  readonly deployments: () => readonly KubeObject[];
  /** It is the turn of this resource: reconcile it. */
  readonly wake: (request: Request) => void;
  /** Milliseconds. */
  readonly monotonic: () => number;
}

export type Turn =
  /** The new pods have to wait, and why. `live`: the Deployment as it was judged. */
  | { readonly wait: string; readonly live: KubeObject }
  /** They may be applied, and `applied` must be told what came of it. isChange: its pods change because the operator or the author wants it, not to repair what somebody else did. */
  | { readonly wait?: undefined; readonly isChange: boolean };

export interface Rollouts {
  ask(resource: KVResponder, desired: KubeObject, live: KubeObject | undefined): Turn;
  applied(request: Request, result: Outcome["result"]): void;
  /** The resource is gone, or nothing is applied for it. */
  leave(request: Request): void;
  /** A Deployment has changed. */
  moved(): void;
  count(): Readonly<Record<RolloutState | "waiting", number>>;
}

/** Whoever is woken and does not come in this time is passed over until it does. */
const patienceMs = 60_000;

const keyOf = ({ namespace, name }: Request): string => `${namespace}/${name}`;

const ownerOf = ({ metadata: { namespace = "", ownerReferences = [] } }: KubeObject): { readonly key: string; readonly uid: string } | undefined => {
  const owner = ownerReferences.find((r) => r.controller === true && r.kind === ownerKind);
  return owner && { key: keyOf({ namespace, name: owner.name }), uid: owner.uid };
};

export const createRollouts = ({ limit, deployments, wake, monotonic }: RolloutsDeps): Rollouts => {
  /** Those that may go and whose Deployment does not show it yet. `asked`: by the resource's author. */
  const admitted = new Map<string, { readonly asked: boolean }>();
  /** Oldest first. `woken`: when it was told that it is its turn. */
  const waiting = new Map<string, { readonly request: Request; woken?: number }>();

  const rolling = (): Map<string, RolloutState> => {
    const found = new Map<string, RolloutState>([...admitted.keys()].map((key) => [key, "running"]));
    for (const deployment of deployments()) {
      const state = deployment.metadata.deletionTimestamp === undefined ? rolloutOf(deployment) : undefined;
      const owner = state && ownerOf(deployment);
      if (owner) found.set(owner.key, state);
    }
    return found;
  };

  /** Those whose turn it is when so many places are free, and those that were passed over among them. */
  const next = (free: number): string[] => {
    const keys: string[] = [];
    let left = free;
    for (const [key, { woken }] of waiting) {
      if (left <= 0) break;
      keys.push(key);
      if (woken === undefined || monotonic() - woken < patienceMs) left--;
    }
    return keys;
  };

  const moved = (): void => {
    if (waiting.size === 0) return;
    for (const key of next(limit - rolling().size)) {
      const place = waiting.get(key);
      if (!place) continue;
      place.woken ??= monotonic();
      wake(place.request);
    }
  };

  const leave = (key: string): void => {
    const hadPlace = admitted.delete(key);
    const waited = waiting.delete(key);
    if (hadPlace || waited) moved();
  };

  return {
    moved,
    leave: (request) => leave(keyOf(request)),

    ask(resource, desired, live) {
      const { namespace = "", name, uid } = resource.metadata;
      const request = { namespace, name };
      const key = keyOf(request);
      // what is not there, or is somebody else's, is the apply's business
      if (!live || ownerOf(live)?.uid !== uid || !changesPods(desired, live)) {
        leave(key);
        return { isChange: false };
      }
      const now = rolling();
      const asked = admitted.get(key)?.asked === true || isAsked(resource, desired, live);
      const isRolling = admitted.has(key) || (now.has(key) && isObserved(live));
      if (!asked && !isRolling) {
        const others = now.size - (now.has(key) ? 1 : 0);
        // in the place that it has, if it waits already; it has come, so nothing is held against it
        waiting.set(key, { request });
        if (!next(limit - others).includes(key)) return { wait: waitMessage(now, limit), live };
      }
      waiting.delete(key);
      admitted.set(key, { asked });
      // pods that somebody else has changed are being replaced already
      return { isChange: asked || rolloutOf(live) === undefined };
    },

    applied(request, result) {
      // it is tried again, or was done and the answer got lost: the next time it asks it is known
      if (result === "failed") return;
      if (admitted.delete(keyOf(request))) moved();
    },

    count() {
      const states = [...rolling().values()];
      const stuck = states.filter((state) => state === "stuck").length;
      return { running: states.length - stuck, stuck, waiting: waiting.size };
    },
  };
};

/** No names: a tenant must not read those of others in its own status. */
const waitMessage = (now: ReadonlyMap<string, RolloutState>, limit: number): string => {
  const stuck = [...now.values()].filter((state) => state === "stuck").length;
  return (
    `new pods of this operator's release wait for their turn: those of ${now.size} resource${now.size === 1 ? " are" : "s are"} being replaced, at most ${limit} at once (--max-concurrent-rollouts)` +
    (stuck === 0 ? "" : `. ${stuck} of them ${stuck === 1 ? "is" : "are"} stuck, and others wait until that is put right`)
  );
};
