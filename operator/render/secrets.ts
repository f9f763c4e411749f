// The Secrets of a resource without what is in them: that is drawn at random when one is made, and nobody here ever sees it again.
import { childName } from "#crds/names";
import type { KubeObject, OwnerReference } from "../objects.ts";
import type { RenderContext } from "./context.ts";
import { child, type Component } from "./meta.ts";
import { peerSecretKey, tokenKey } from "./volumes.ts";

export interface SecretShell {
  readonly object: KubeObject;
  /** The key that gets the random value. */
  readonly key: string;
  /** 32 random bytes each. */
  readonly encoding: "hex" | "base64url";
  /** Name of the ConfigMap that owns it; the resource itself when absent. */
  readonly owner?: string;
}

// not `immutable`: the kubelet stops to look at such a Secret, and would miss the next token under the same name
const shell = (context: RenderContext, name: string, component: Component): KubeObject => child(context, { apiVersion: "v1", kind: "Secret", name, component }, { type: "Opaque" });

export const secretShells = (context: RenderContext): SecretShell[] => {
  const { name, uid, tokenSlots } = context;
  return [
    { object: shell(context, childName.peerSecret(name, uid), "peers"), key: peerSecretKey, encoding: "hex" },
    ...tokenSlots.map((slot): SecretShell => {
      const secret = childName.token(name, uid, slot);
      return { object: shell(context, secret, "auth"), key: tokenKey, encoding: "base64url", owner: secret };
    }),
  ];
};

/** As the owner of a Secret; without blockOwnerDeletion, which would need one more permission. */
export const ownedBy = (object: KubeObject, { apiVersion, kind, metadata: { name, uid = "" } }: KubeObject): KubeObject => {
  const ownerReferences: OwnerReference[] = [{ apiVersion, kind, name, uid, controller: true }];
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
};

/** Too short for the responder to take it for a token or a secret, should somebody apply what was rendered. */
const placeholder = "(random)";

/** For `kvr render`. */
export const withPlaceholder = ({ object, key }: SecretShell): KubeObject => ({ ...object, stringData: { [key]: placeholder } });
