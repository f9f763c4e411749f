// Decides which tokens there are: one, or two while a rotation lasts. A step is written into the status before the next one, so a new operator goes on.
import { annotation, childName, tokenSlots, type TokenSlot } from "#crds/names";
import type { TokenRotation } from "#crds/status";
import type { KVResponder } from "../objects.ts";
import { makesTokens } from "../render/context.ts";

/** How long the steps of a rotation take, in milliseconds. */
export interface TokenTiming {
  /** Until every kubelet has brought a new Secret into its pods. */
  readonly propagationMs: number;
  /** How long the old token is accepted after that. */
  readonly overlapMs: number;
}

export interface Tokens {
  /** Places that hold a token. */
  readonly slots: readonly TokenSlot[];
  /** status.tokenSecret */
  readonly secret?: string;
  /** status.tokenRotation */
  readonly rotation?: TokenRotation;
  /** When there is something to do without an event: milliseconds from now. */
  readonly dueMs?: number | undefined;
  /** What has just happened, for an event. */
  readonly news?: { readonly reason: "TokenRotating" | "TokenRotated" | "TokenRetired"; readonly note: string };
}

/** As status.tokenRotation.requested is bounded. */
const longestRequest = 128;
/** A place that was given up is used again after this: the garbage collector takes its Secret in well under a second. */
const clearingMs = 5_000;

interface Step {
  readonly current: TokenSlot;
  readonly next?: TokenSlot;
  readonly previous?: TokenSlot;
  readonly untilMs?: number;
  readonly requested?: string;
}

const other = (slot: TokenSlot): TokenSlot => (slot === "a" ? "b" : "a");

const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/**
 * The steps: a request makes `next` in the free place; once every pod must have read it, it is the one to use and the one before is `previous`; at the end of the
 * overlap `previous` goes. A request that comes during an overlap ends it at once, so that no more than two are ever accepted.
 * A request is a value of the annotation that was not heeded before; what stands there when the resource is new asks for nothing.
 */
export const planTokens = (resource: KVResponder, nowMs: number, { propagationMs, overlapMs }: TokenTiming): Tokens => {
  const { spec, status, metadata } = resource;
  if (spec.auth.mode === "None") return { slots: [] };
  if (!makesTokens(spec)) return { slots: [], ...(spec.auth.secretName !== undefined && { secret: spec.auth.secretName }) };

  const secretOf = (slot: TokenSlot): string => childName.token(metadata.name, metadata.uid ?? "", slot);
  const slotOf = (secret: string | undefined): TokenSlot | undefined => tokenSlots.find((slot) => secretOf(slot) === secret);
  const asked = metadata.annotations?.[annotation.rotateToken]?.slice(0, longestRequest);

  const tokens = (step: Step, news?: Tokens["news"], dueMs = step.untilMs === undefined ? undefined : Math.max(0, step.untilMs - nowMs)): Tokens => {
    const { current, next, previous, untilMs, requested } = step;
    const rotation: TokenRotation = {
      ...(requested !== undefined && { requested }),
      ...(next && { next: secretOf(next) }),
      ...(previous && { previous: secretOf(previous) }),
      ...(untilMs !== undefined && { until: isoSeconds(untilMs) }),
    };
    return {
      slots: tokenSlots.filter((slot) => slot === current || slot === next || slot === previous),
      secret: secretOf(current),
      ...(Object.keys(rotation).length > 0 && { rotation }),
      ...(dueMs !== undefined && { dueMs }),
      ...(news && { news }),
    };
  };

  const current = slotOf(status?.tokenSecret);
  if (!current) return tokens({ current: "a", ...(asked !== undefined && { requested: asked }) });

  const before = status?.tokenRotation ?? {};
  const kept = before.requested === undefined ? {} : { requested: before.requested };
  const [next, previous] = [slotOf(before.next), slotOf(before.previous)];
  // a time that somebody has spoiled is over
  const untilMs = Date.parse(before.until ?? "") || nowMs;
  const isOver = nowMs >= untilMs;
  const isAsked = asked !== undefined && asked !== before.requested;

  // as it was found, until the resource goes on
  if (spec.paused) return { ...tokens({ current, ...(next && { next, untilMs }), ...(previous && { previous, untilMs }), ...kept }), dueMs: undefined };

  if (next) {
    if (!isOver) return tokens({ current, next, untilMs, ...kept });
    const endMs = wholeSeconds(nowMs + overlapMs);
    const news = { reason: "TokenRotated", note: `Secret ${secretOf(next)} holds the token to use; the old one is accepted until ${isoSeconds(endMs)}` } as const;
    return tokens({ current: next, previous: current, untilMs: endMs, ...kept }, news);
  }
  if (previous) {
    if (!isOver && !isAsked) return tokens({ current, previous, untilMs, ...kept });
    const news = { reason: "TokenRetired", note: `the token in Secret ${secretOf(previous)} is no longer accepted` } as const;
    return tokens({ current, ...kept }, news, isAsked ? clearingMs : undefined);
  }
  if (!isAsked) return tokens({ current, ...kept });
  const news = { reason: "TokenRotating", note: `a new token is on its way to the pods, in Secret ${secretOf(other(current))}` } as const;
  return tokens({ current, next: other(current), untilMs: wholeSeconds(nowMs + propagationMs), requested: asked }, news);
};

/** Later rather than earlier, as the status can hold it. */
const wholeSeconds = (ms: number): number => Math.ceil(ms / 1_000) * 1_000;
