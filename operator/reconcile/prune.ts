// Decides which owned objects are no longer wanted.
import type { KubeObject } from "../objects.ts";

const key = (o: KubeObject): string => `${o.apiVersion}/${o.kind}/${o.metadata.name}`;

/** Live objects whose controller is `ownerUid` and that `desired` does not name. Objects already going are left to go. */
export const unwanted = (live: readonly KubeObject[], desired: readonly KubeObject[], ownerUid: string): KubeObject[] => {
  const wanted = new Set(desired.map(key));
  return live.filter(
    (o) =>
      o.metadata.deletionTimestamp === undefined &&
      o.metadata.ownerReferences?.some((r) => r.controller === true && r.uid === ownerUid) === true &&
      !wanted.has(key(o)),
  );
};
