// Token rotation, step by step and as a story of random requests: the status alone carries it on.
import { annotation } from "#crds/names";
import { specSchema } from "#crds/kvresponder";
import type { Status } from "#crds/status";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KVResponder } from "../../../operator/objects.ts";
import { planTokens, type Tokens, type TokenTiming } from "../../../operator/reconcile/tokens.ts";

const timing: TokenTiming = { propagationMs: 120_000, overlapMs: 3_600_000 };
const start = Date.parse("2026-01-01T00:00:00Z");
const [a, b] = ["kv-responder-orders-token-a-5f0c2f6e", "kv-responder-orders-token-b-5f0c2f6e"];

const resource = ({ request, status, spec = {} }: { request?: string | undefined; status?: Partial<Status>; spec?: object } = {}): KVResponder => ({
  apiVersion: "kvresponder.io/v1alpha1",
  kind: "KVResponder",
  metadata: {
    name: "orders",
    namespace: "team-a",
    uid: "5f0c2f6e-6a0b-4a57-9e0b-1d7a6f1f8a11",
    ...(request !== undefined && { annotations: { [annotation.rotateToken]: request } }),
  },
  spec: specSchema.parse(spec),
  ...(status && { status: { observedGeneration: 1, ...status } }),
});

/** What the operator writes of it. */
const asStatus = ({ secret, rotation }: Tokens): Partial<Status> => ({ ...(secret !== undefined && { tokenSecret: secret }), ...(rotation && { tokenRotation: rotation }) });

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

describe("without a rotation", () => {
  test("a new resource has one token", () => expect(planTokens(resource(), start, timing)).toEqual({ slots: ["a"], secret: a }));

  test("an annotation that is there from the start asks for nothing", () => {
    const first = planTokens(resource({ request: "1" }), start, timing);
    expect(first).toEqual({ slots: ["a"], secret: a, rotation: { requested: "1" } });
    expect(planTokens(resource({ request: "1", status: asStatus(first) }), start, timing)).toEqual(first);
  });

  test("mode None has none; a Secret of one's own is the one to use, and none is made", () => {
    expect(planTokens(resource({ spec: { auth: { mode: "None" } }, status: { tokenSecret: a } }), start, timing)).toEqual({ slots: [] });
    expect(planTokens(resource({ request: "1", spec: { auth: { secretName: "mine" } }, status: { tokenSecret: a } }), start, timing)).toEqual({ slots: [], secret: "mine" });
  });

  test("from one's own back to one of ours", () => expect(planTokens(resource({ status: { tokenSecret: "mine" } }), start, timing)).toMatchObject({ slots: ["a"], secret: a }));
});

test("a rotation: made, waited for, used, the old one gone; each step once, whoever takes it", () => {
  let status: Partial<Status> = { tokenSecret: a };
  const step = (atMs: number): Tokens => {
    const tokens = planTokens(resource({ request: "1", status }), start + atMs, timing);
    status = asStatus(tokens);
    // another operator, or the next reconcile, finds nothing to do
    const { news, dueMs, ...again } = planTokens(resource({ request: "1", status }), start + atMs, timing);
    expect(news).toBeUndefined();
    expect(asStatus(again)).toEqual(status);
    if (tokens.rotation?.until !== undefined) expect(dueMs).toBeGreaterThan(0);
    return tokens;
  };
  expect(step(0)).toMatchObject({ slots: ["a", "b"], secret: a, rotation: { requested: "1", next: b, until: iso(start + 120_000) }, dueMs: 120_000, news: { reason: "TokenRotating" } });
  expect(step(119_000)).toMatchObject({ slots: ["a", "b"], secret: a });
  expect(step(120_000)).toMatchObject({ slots: ["a", "b"], secret: b, rotation: { requested: "1", previous: a, until: iso(start + 3_720_000) }, news: { reason: "TokenRotated" } });
  expect(step(3_719_000)).toMatchObject({ slots: ["a", "b"], secret: b });
  expect(step(3_720_000)).toEqual({ slots: ["b"], secret: b, rotation: { requested: "1" }, news: expect.objectContaining({ reason: "TokenRetired" }) });
});

test("a request during an overlap ends it: first the old token goes, then the new one takes its place", () => {
  const status: Partial<Status> = { tokenSecret: b, tokenRotation: { requested: "1", previous: a, until: iso(start + 1_000_000) } };
  const cleared = planTokens(resource({ request: "2", status }), start, timing);
  expect(cleared).toMatchObject({ slots: ["b"], secret: b, rotation: { requested: "1" }, news: { reason: "TokenRetired" } });
  expect(cleared.dueMs).toBeGreaterThan(0);
  expect(planTokens(resource({ request: "2", status: asStatus(cleared) }), start + 5_000, timing)).toMatchObject({ slots: ["a", "b"], secret: b, rotation: { requested: "2", next: a } });
});

test("a request while the new token is on its way waits for it", () => {
  const status: Partial<Status> = { tokenSecret: a, tokenRotation: { requested: "1", next: b, until: iso(start + 60_000) } };
  expect(planTokens(resource({ request: "2", status }), start, timing)).toMatchObject({ slots: ["a", "b"], secret: a, rotation: { requested: "1", next: b } });
});

test("while paused nothing moves, whatever the time", () => {
  const status: Partial<Status> = { tokenSecret: a, tokenRotation: { requested: "1", next: b, until: iso(start) } };
  const tokens = planTokens(resource({ request: "2", status, spec: { paused: true } }), start + 9_000_000, timing);
  expect(asStatus(tokens)).toEqual(status);
  expect(tokens).toMatchObject({ slots: ["a", "b"], dueMs: undefined });
});

test.each(["", "not a time", "2026-13-45"])("a time that is none (%j) is over", (until) => {
  const status: Partial<Status> = { tokenSecret: b, tokenRotation: { requested: "1", previous: a, until } };
  expect(planTokens(resource({ request: "1", status }), start, timing).slots).toEqual(["b"]);
});

test("a request longer than the status holds is heeded once", () => {
  const request = "x".repeat(1_000);
  const first = planTokens(resource({ request, status: { tokenSecret: a } }), start, timing);
  expect(first.rotation?.requested).toHaveLength(128);
  expect(planTokens(resource({ request, status: asStatus(first) }), start, timing).news).toBeUndefined();
});

test("whatever is asked for and when: the token to use is there, in every pod by then; no more than two; the last request is heeded in the end", () => {
  const event = fc.oneof({ weight: 3, arbitrary: fc.record({ waitMs: fc.integer({ min: 0, max: 4_000_000 }) }) }, { weight: 2, arbitrary: fc.record({ request: fc.stringMatching(/^[a-c]$/) }) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let [now, request]: [number, string | undefined] = [start, undefined];
      let status: Partial<Status> = {};
      /** Since when each place holds what it holds. */
      const since = new Map<string, number>();
      const reconcile = (): Tokens => {
        const used = status.tokenSecret;
        const tokens = planTokens(resource({ request, status: status.tokenSecret === undefined ? {} : status }), now, timing);
        for (const slot of ["a", "b"]) {
          if (!tokens.slots.some((s) => s === slot)) since.delete(slot);
          else if (!since.has(slot)) since.set(slot, now);
        }
        expect(tokens.slots.length).toBeGreaterThan(0);
        const slot = tokens.secret === a ? "a" : "b";
        expect(tokens.slots).toContain(slot);
        if (used !== undefined && used !== tokens.secret) expect(now - (since.get(slot) ?? now)).toBeGreaterThanOrEqual(timing.propagationMs);
        // the one in use never goes before another has been named
        if (used !== undefined) expect(tokens.slots.map((s) => (s === "a" ? a : b))).toContain(used);
        status = asStatus(tokens);
        return tokens;
      };
      reconcile();
      for (const e of events) {
        if ("request" in e) request = e.request;
        else now += e.waitMs;
        reconcile();
      }
      let tokens = reconcile();
      for (let i = 0; i < 10 && tokens.dueMs !== undefined; i++) {
        now += tokens.dueMs;
        tokens = reconcile();
      }
      expect(tokens.slots).toHaveLength(1);
      if (request !== undefined) expect(tokens.rotation?.requested).toBe(request);
    }),
  );
});
