// What is mounted into the pods. Whole directories: a subPath mount is never updated.
import { runtimeDir } from "#contract/runtime";
import { childName, tokenSlots } from "#crds/names";
import { makesTokens, type RenderContext } from "./context.ts";

/** Key of a token in a Secret of ours. */
export const tokenKey = "token";
/** Key of the peer secret. */
export const peerSecretKey = "secret";

/** Each file in it is one token. */
export const tokenDir = "/var/run/kv-responder/tokens";
const peerSecretDir = "/var/run/kv-responder/peers";
export const peerSecretFile = `${peerSecretDir}/${peerSecretKey}`;

/** Readable by the image's user, whoever that is; nobody else lives in the pod. */
const defaultMode = 0o444;

interface Mount {
  readonly name: string;
  readonly path: string;
  readonly source: object;
}

/**
 * Both places are always named and neither has to be there: so a rotation changes no pod, and the kubelet brings and takes the files by itself.
 * A Secret of one's own has to be there: until then pods wait for it, and the kubelet says so in an event.
 */
const tokenSources = ({ name, uid, spec }: RenderContext): object[] =>
  makesTokens(spec)
    ? tokenSlots.map((slot) => ({ secret: { name: childName.token(name, uid, slot), items: [{ key: tokenKey, path: slot }], optional: true } }))
    : [{ secret: { name: spec.auth.secretName } }];

const mounts = (context: RenderContext): Mount[] => [
  { name: "runtime", path: runtimeDir, source: { configMap: { name: childName.runtime(context.name) } } },
  { name: "peers", path: peerSecretDir, source: { secret: { secretName: childName.peerSecret(context.name, context.uid), defaultMode } } },
  ...(context.spec.auth.mode === "Token" ? [{ name: "tokens", path: tokenDir, source: { projected: { defaultMode, sources: tokenSources(context) } } }] : []),
];

export const volumes = (context: RenderContext): object[] => mounts(context).map(({ name, source }) => ({ name, ...source }));

export const volumeMounts = (context: RenderContext): object[] => mounts(context).map(({ name, path }) => ({ name, mountPath: path, readOnly: true }));
