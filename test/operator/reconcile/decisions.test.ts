// Pruning and tenancy: who may be deleted, and who holds a tenant.
import fc from "fast-check";
import { expect, test } from "vitest";
import { specSchema } from "#crds/kvresponder";
import type { KubeObject, KVResponder } from "../../../operator/objects.ts";
import { unwanted } from "../../../operator/reconcile/prune.ts";
import { holder } from "../../../operator/reconcile/tenancy.ts";

const owned = (name: string, uid = "u1", extra: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, ownerReferences: [{ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", name: "a", uid, controller: true }], ...extra },
});
const names = (objects: KubeObject[]) => objects.map((o) => o.metadata.name);

test("only what this very resource controls and no longer wants is pruned", () => {
  const live = [owned("kept"), owned("old"), owned("foreign", "u2"), owned("going", "u1", { deletionTimestamp: "t" }), { ...owned("orphan"), metadata: { name: "orphan" } }];
  expect(names(unwanted(live, [owned("kept")], "u1"))).toEqual(["old"]);
});

test("an object of another kind with a wanted name is still pruned", () => {
  expect(names(unwanted([{ ...owned("x"), kind: "ConfigMap" }], [owned("x")], "u1"))).toEqual(["x"]);
});

const claim = (uid: string, creationTimestamp: string, tenant?: string): KVResponder => ({
  apiVersion: "kvresponder.io/v1alpha1",
  kind: "KVResponder",
  metadata: { name: `n-${uid}`, uid, creationTimestamp },
  spec: specSchema.parse(tenant === undefined ? {} : { tenant }),
});

test("the oldest claim holds the tenant, then the smallest UID", () => {
  const [first, twin, late, other] = [claim("b", "2026-01-01T00:00:00Z", "t"), claim("c", "2026-01-01T00:00:00Z", "t"), claim("a", "2026-01-02T00:00:00Z", "t"), claim("z", "2020-01-01T00:00:00Z", "u")];
  const all = [late, twin, first, other];
  expect([first, twin, late, other].map((r) => holder(r, all)?.metadata.uid)).toEqual([undefined, "b", "b", undefined]);
});

test("a name claims its own tenant when spec.tenant is unset", () => {
  const byName = { ...claim("a", "2026-01-01T00:00:00Z"), metadata: { name: "shop", uid: "a", creationTimestamp: "2026-01-01T00:00:00Z" } };
  expect(holder(claim("b", "2026-01-02T00:00:00Z", "shop"), [byName])?.metadata.name).toBe("shop");
});

test("whatever the order of the list, exactly one claimant of a tenant holds it", () => {
  const stamp = fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z");
  const claimsOf = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 3 }), stamp), { selector: ([uid]) => uid, minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(claimsOf, (list) => {
      const all = list.map(([uid, t]) => claim(uid, t, "t"));
      expect(all.filter((r) => holder(r, all) === undefined)).toHaveLength(1);
      expect(all.map((r) => holder(r, all)?.metadata.uid)).toEqual(all.map((r) => holder(r, all.toReversed())?.metadata.uid));
    }),
  );
});
