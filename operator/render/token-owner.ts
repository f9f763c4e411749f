// The owner of a token's Secret. The operator may not delete Secrets; it deletes this, and the garbage collector takes the Secret along (ADR 2).
import { childName, tokenSlots, type TokenSlot } from "#crds/names";
import type { Renderer } from "./context.ts";
import { child } from "./meta.ts";

const tokenOwner =
  (slot: TokenSlot): Renderer =>
  (context) =>
    context.tokenSlots.includes(slot)
      ? child(
          context,
          { apiVersion: "v1", kind: "ConfigMap", name: childName.token(context.name, context.uid, slot), component: "auth" },
          { data: { about: "Owns the Secret of the same name: with this ConfigMap goes the token." } },
        )
      : undefined;

export const tokenOwners: readonly Renderer[] = tokenSlots.map(tokenOwner);
