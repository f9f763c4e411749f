// The series of each resource: there as long as the resource is, for so many resources at most.
import type { Condition } from "#crds/conditions";
import type { Status } from "#crds/status";
import type { OperatorMetrics } from "./instrument.ts";
import type { KVResponder, Request } from "./objects.ts";

export interface ResourceSeries {
  /** What a reconcile came to. */
  show(resource: KVResponder, status: Status): void;
  forget(request: Request): void;
}

/** What was shown last of what is said in labels. */
interface Shown {
  info?: { readonly tenant: string; readonly version: string };
  readonly conditions: Map<Condition["type"], Condition["status"]>;
}

/** `most`: resources that get series. One that found no room gets them at its first reconcile after another one has gone. */
export const createResourceSeries = (m: OperatorMetrics, most: number): ResourceSeries => {
  const shown = new Map<string, Shown>();
  const without = new Set<string>();

  const find = (key: string): Shown | undefined => {
    const found = shown.get(key);
    if (found) return found;
    const hasRoom = shown.size < most;
    if (hasRoom) without.delete(key);
    else without.add(key);
    m.kvoperator_resources_without_series.set(without.size);
    if (!hasRoom) return undefined;
    const fresh: Shown = { conditions: new Map() };
    shown.set(key, fresh);
    return fresh;
  };

  return {
    show({ metadata: { namespace = "", name } }, status) {
      const known = find(`${namespace}/${name}`);
      if (!known) return;
      const of = { resource_namespace: namespace, kvresponder: name };
      // "2/3"; an autoscaler's number is not in the spec
      m.kvoperator_replicas_desired.set(of, Number.parseInt(status.ready?.split("/")[1] ?? "0", 10) || 0);
      m.kvoperator_replicas_ready.set(of, status.readyReplicas ?? 0);

      const { tenant = "", version = "" } = status;
      if (known.info?.tenant !== tenant || known.info.version !== version) {
        if (known.info) m.kvoperator_resource_info.remove({ ...of, ...known.info });
        m.kvoperator_resource_info.set({ ...of, tenant, version }, 1);
        known.info = { tenant, version };
      }

      const now = new Map(status.conditions?.map((c) => [c.type, c.status]));
      m.kvoperator_resource_ready.set(of, now.get("Ready") === "True" ? 1 : 0);
      for (const [type, before] of known.conditions) if (now.get(type) !== before) m.kvoperator_resource_condition.remove({ ...of, type, status: before });
      for (const [type, value] of now) if (known.conditions.get(type) !== value) m.kvoperator_resource_condition.set({ ...of, type, status: value }, 1);
      known.conditions.clear();
      for (const [type, value] of now) known.conditions.set(type, value);
    },

    forget({ namespace, name }) {
      const of = { resource_namespace: namespace, kvresponder: name };
      without.delete(`${namespace}/${name}`);
      m.kvoperator_resources_without_series.set(without.size);
      const known = shown.get(`${namespace}/${name}`);
      if (!known) return;
      shown.delete(`${namespace}/${name}`);
      // each by its whole name: finding series by a part of it means looking at all of them
      if (known.info) m.kvoperator_resource_info.remove({ ...of, ...known.info });
      for (const [type, status] of known.conditions) m.kvoperator_resource_condition.remove({ ...of, type, status });
      for (const family of [m.kvoperator_resource_ready, m.kvoperator_replicas_desired, m.kvoperator_replicas_ready]) family.remove(of);
    },
  };
};
