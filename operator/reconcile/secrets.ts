// The step of a reconcile that sees to the Secrets: makes those that are not there, now and then.
import { routingSecrets } from "#crds/routing";
import type { KVResponder, Request } from "../objects.ts";
import type { RenderContext } from "../render/context.ts";
import { ownedBy, secretShells, type SecretShell } from "../render/secrets.ts";
import type { LookFor, Looks } from "./looks.ts";
import type { Outcome, SecretFinding } from "./outcome.ts";

export interface SecretCluster {
  /** Makes the Secret with a random value, or finds that it is there. Never throws for an answer of the API server. */
  ensureSecret(shell: SecretShell, options: { readonly dryRun: boolean; readonly signal: AbortSignal }): Promise<Outcome>;
  /** Whether there is a Secret of this name, whosever; undefined when the API server does not say. */
  secretExists(namespace: string, name: string, signal: AbortSignal): Promise<boolean | undefined>;
}

export interface SecretStep {
  readonly resource: KVResponder;
  readonly context: RenderContext;
  /** What became of the children so far: the owners of tokens are among them. */
  readonly outcomes: readonly Outcome[];
  readonly urgent: boolean;
  readonly signal: AbortSignal;
}

export interface SecretResult extends SecretFinding {
  /** Looked just now, rather than remembered. */
  readonly fresh: boolean;
  /** Milliseconds until the next look. */
  readonly nextMs: number;
}

/** The live object is the one that we want there, and it stays. */
const isOurs = new Set<Outcome["result"]>(["created", "updated", "unchanged", "pending"]);

/** A shell whose owner is in the cluster. A token whose owner could not be written, or is somebody else's, waits for it. */
const owned = (shell: SecretShell, outcomes: readonly Outcome[]): SecretShell | undefined => {
  if (shell.owner === undefined) return shell;
  const owner = outcomes.find((o) => o.desired.kind === "ConfigMap" && o.desired.metadata.name === shell.owner);
  return owner?.live && isOurs.has(owner.result) ? { ...shell, object: ownedBy(shell.object, owner.live) } : undefined;
};

const fingerprint = (shells: readonly SecretShell[], named: readonly string[]): string =>
  [...shells.map(({ object: { metadata } }) => `${metadata.name}<${metadata.ownerReferences?.[0]?.uid ?? ""}`), ...named].join(" ");

/** Somebody waits for a Secret, and not only the next pod. */
const isAwaited = ({ status }: KVResponder): boolean => status?.conditions?.some((c) => c.type === "RoutingReady" && c.reason === "SecretMissing") === true;

/** What the looks are remembered under. */
export const keyOf = ({ namespace, name }: Request): string => `${namespace}/${name}`;

const isSettled = ({ outcomes }: SecretFinding): boolean => outcomes.every((o) => o.result === "created" || o.result === "unchanged");

export const seeToSecrets = async (cluster: SecretCluster, looks: Looks, { resource, context, outcomes, urgent, signal }: SecretStep): Promise<SecretResult> => {
  const { auth, paused, monitoring } = resource.spec;
  const forRouting = routingSecrets(monitoring.routing);
  const named = [...new Set([...(auth.secretName === undefined ? [] : [auth.secretName]), ...forRouting])];
  const shells = secretShells(context).flatMap((shell) => owned(shell, outcomes) ?? []);
  const look: LookFor = { key: keyOf(context), what: fingerprint(shells, named), urgent: urgent || isAwaited(resource) };
  const known = looks.last(look);
  // what was made at the last look is not made again at this one
  if (known) return { ...known, outcomes: known.outcomes.map((o) => ({ ...o, result: "unchanged" })), fresh: false, nextMs: looks.nextMs(look) };

  const made: Outcome[] = [];
  for (const shell of shells) made.push(await cluster.ensureSecret(shell, { dryRun: paused, signal }));
  const missing: string[] = [];
  for (const name of named) if ((await cluster.secretExists(context.namespace, name, signal)) === false) missing.push(name);
  const finding: SecretFinding = { outcomes: made, missing };
  const next: LookFor = { ...look, urgent: look.urgent || missing.some((name) => forRouting.includes(name)) };
  // what could not be made is tried again with the backoff of the reconcile
  if (isSettled(finding)) looks.looked(next, finding);
  else looks.forget(look.key);
  return { ...finding, fresh: true, nextMs: looks.nextMs(next) };
};
