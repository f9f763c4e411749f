// The one adapter of @dot-i/k8s-operator: its Operator is our lifecycle shell, and every method of it that talks to the API server is ours (ADR 0001).
import dotI, { type ResourceEvent, ResourceEventType, type ResourceMeta } from "@dot-i/k8s-operator";
import type { Log } from "../log.ts";
import type { Kind } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";
import type { Reflector, ReflectorEvent } from "./types.ts";

export interface ShellParts {
  /** One per watched kind, those of optional kinds included. */
  readonly reflectors: readonly Reflector[];
  /** Only enqueues. */
  readonly onEvent: (kind: Kind, event: ReflectorEvent) => void;
  /** Starts what the watches feed; called when all of them are registered. */
  readonly run: () => Promise<void>;
  readonly log: Log;
}

/** Their event, with the state before, which tells whose child it was. */
interface Event extends ResourceEvent {
  readonly source: ReflectorEvent;
}

const typeOf = { added: ResourceEventType.Added, modified: ResourceEventType.Modified, deleted: ResourceEventType.Deleted } as const;

const metaOf = ({ plural }: Kind, { apiVersion, kind, metadata }: KubeObject): ResourceMeta => ({
  id: `${plural}.${apiVersion}`,
  name: metadata.name,
  ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
  resourceVersion: metadata.resourceVersion ?? "",
  apiVersion,
  kind,
});

/** Which of their ways must not be taken, and what to do instead. */
const notHere = (what: string, instead: string): Promise<never> => Promise.reject(new Error(`${what} is not used: ${instead}`));

// a CommonJS default export under nodenext
export class KVResponderOperator extends dotI.default {
  readonly #parts: ShellParts;

  constructor(parts: ShellParts) {
    const say = (level: keyof Log) => (text: string) => parts.log[level]({ text }, "operator shell");
    super({ debug: say("debug"), info: say("debug"), warn: say("warn"), error: say("error") });
    this.#parts = parts;
  }

  protected override async init(): Promise<void> {
    for (const { kind } of this.#parts.reflectors) {
      await this.watchResource(kind.group, kind.version, kind.plural, (event) => {
        this.#parts.onEvent(kind, (event as Event).source);
        return Promise.resolve();
      });
    }
    await this.#parts.run();
  }

  /** Theirs replays everything after each break, loses deletions in the gap and ends the process on an error: our reflector does neither. */
  protected override watchResource(group: string, version: string, plural: string, onEvent: (event: ResourceEvent) => Promise<void>): Promise<void> {
    const reflector = this.#parts.reflectors.find(({ kind }) => kind.group === group && kind.version === version && kind.plural === plural);
    if (!reflector) return notHere(`watching ${plural}`, "add it to operator/kinds.ts");
    reflector.onEvent((source) => {
      const { object } = source;
      // client-node's type says Date where the wire says text
      const event: Event = { meta: metaOf(reflector.kind, object), type: typeOf[source.type], object: object as unknown as ResourceEvent["object"], source };
      void onEvent(event);
    });
    return Promise.resolve();
  }

  override stop(): void {
    for (const reflector of this.#parts.reflectors) void reflector.stop();
  }

  protected override setResourceStatus(): Promise<never> {
    return notHere("setResourceStatus", "operator/reconcile computes the status and operator/kube/cluster.ts applies it");
  }

  protected override patchResourceStatus(): Promise<never> {
    return this.setResourceStatus();
  }

  protected override setResourceFinalizers(): Promise<never> {
    return notHere("setResourceFinalizers", "nothing outside the cluster must be undone, so there are no finalizers");
  }

  protected override handleResourceFinalizer(): Promise<never> {
    return this.setResourceFinalizers();
  }

  protected override registerCustomResourceDefinition(): Promise<never> {
    return notHere("registerCustomResourceDefinition", "config/crd installs the CRD; the operator has no permission to");
  }
}
