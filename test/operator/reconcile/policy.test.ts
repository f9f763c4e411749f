// What the platform team allows: images by the beginning of their names, tenants by the label of the namespace.
import { describe, expect, test } from "vitest";
import { refuseImage, refuseTenant, type Policy } from "../../../operator/reconcile/policy.ts";

const own = "ghcr.io/kv-responder/responder:1.2.0";
const policy = (...allowedImages: string[]): Policy => ({ tenantPolicy: "Any", ...(allowedImages.length > 0 && { allowedImages }) });

describe("images", () => {
  test.each<[string, string | undefined, string[], boolean]>([
    ["none given", undefined, ["registry.example/"], true],
    ["the operator's own", own, ["registry.example/"], true],
    ["no list", "evil.example/x", [], true],
    ["below an allowed registry", "registry.example/a/b:1", ["registry.example/"], true],
    ["below an allowed registry, without the slash", "registry.example/a/b:1", ["registry.example"], true],
    ["any tag of an allowed name", "registry.example/caches:2", ["registry.example/caches"], true],
    ["any digest of an allowed name", "registry.example/caches@sha256:00", ["registry.example/caches"], true],
    ["exactly", "registry.example/caches:2", ["a.example/", "registry.example/caches:2"], true],
    ["the next tag", "registry.example/caches:21", ["registry.example/caches:2"], false],
    ["a name that begins alike", "registry.example/caches-of-somebody:2", ["registry.example/caches"], false],
    ["a registry that begins alike", "registry.example.evil.example/caches", ["registry.example"], false],
    ["another", "evil.example/x", ["registry.example/"], false],
    ["the operator's own name with another tag", "ghcr.io/kv-responder/responder:latest", ["registry.example/"], false],
  ])("%s", (_, image, allowed, expected) => expect(refuseImage(image, policy(...allowed), own) === undefined).toBe(expected));

  test("the message says what is allowed", () => {
    expect(refuseImage("evil.example/x", policy("a.example/", "b.example/"), own)).toEqual({
      reason: "ImageDenied",
      message: "spec.image evil.example/x is none that the operator allows: leave it out, or take one that begins with a.example/ or b.example/",
    });
  });
});

describe("tenants", () => {
  test("the one that the namespace's label names", () => expect(refuseTenant("shop", "team", { "kvresponder.io/tenant": "shop" })).toBeUndefined());
  test("no other, and none without the label", () => {
    expect(refuseTenant("bank", "team", { "kvresponder.io/tenant": "shop" })).toEqual({ reason: "TenantDenied", message: "namespace team may not claim the tenant bank: its label kvresponder.io/tenant names shop" });
    expect(refuseTenant("bank", "team", {})?.message).toBe("namespace team may not claim the tenant bank: it has no label kvresponder.io/tenant, so it may claim none");
  });
  test("none while the labels may not be read", () => expect(refuseTenant("shop", "team", "forbidden")).toMatchObject({ reason: "TenantDenied", message: expect.stringContaining("may not read the labels") }));
});
