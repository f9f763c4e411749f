// When the Secrets are looked for, and what is made: seldom while all is well, soon when a lost one may be why it is not.
import { describe, expect, test } from "vitest";
import type { KubeObject, KVResponder } from "../../../operator/objects.ts";
import { createLooks, type LookFor } from "../../../operator/reconcile/looks.ts";
import type { Outcome, OutcomeResult } from "../../../operator/reconcile/outcome.ts";
import { seeToSecrets, type SecretCluster } from "../../../operator/reconcile/secrets.ts";
import { context } from "../render/contexts.ts";

const setUp = ({ random = 0.5 } = {}) => {
  let now = 0;
  const exists = new Set<string>();
  const asked: string[] = [];
  const bodies: KubeObject[] = [];
  let answer: OutcomeResult | undefined;
  const cluster: SecretCluster = {
    async ensureSecret({ object }, { dryRun }): Promise<Outcome> {
      const { name } = object.metadata;
      asked.push(name);
      bodies.push(object);
      if (answer) return { desired: object, result: answer };
      if (exists.has(name)) return { desired: object, result: "unchanged" };
      if (!dryRun) exists.add(name);
      return { desired: object, result: dryRun ? "pending" : "created" };
    },
    async secretExists(_, name) {
      asked.push(name);
      return exists.has(name);
    },
  };
  const looks = createLooks({ monotonic: () => now, random: () => random });
  const look = async ({ spec = {}, urgent = false, ownerUid = "o1", ownerResult = "unchanged" as OutcomeResult, awaited = false, tokenSlots = ["a"] as readonly ("a" | "b")[] } = {}) => {
    const c = { ...context(spec), tokenSlots };
    const owners = tokenSlots.map((slot): Outcome => {
      const name = `kv-responder-orders-token-${slot}-5f0c2f6e`;
      const object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, uid: `${ownerUid}-${slot}` } };
      return { desired: object, result: ownerResult, live: object };
    });
    asked.length = 0;
    const resource = { apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name: "orders" }, spec: c.spec, ...(awaited && { status: { conditions: [{ type: "RoutingReady", reason: "SecretMissing" }] } }) } as KVResponder;
    const result = await seeToSecrets(cluster, looks, { resource, context: c, outcomes: owners, urgent, signal: AbortSignal.timeout(1_000) });
    return { ...result, asked: [...asked], results: result.outcomes.map((o) => o.result) };
  };
  return { look, exists, bodies, pass: (ms: number) => void (now += ms), answerWith: (result: OutcomeResult | undefined) => void (answer = result) };
};

const peers = "kv-peers-orders-5f0c2f6e";
const token = "kv-responder-orders-token-a-5f0c2f6e";
const minute = 60_000;

test("the peer secret belongs to the resource, a token to its ConfigMap; no value is in what is passed around", async () => {
  const { look, bodies } = setUp();
  expect(await look()).toMatchObject({ asked: [peers, token], results: ["created", "created"], fresh: true });
  expect(bodies.map((o) => o.metadata.ownerReferences?.map(({ kind, uid }) => `${kind} ${uid}`))).toEqual([["KVResponder 5f0c2f6e-6a0b-4a57-9e0b-1d7a6f1f8a11"], ["ConfigMap o1-a"]]);
  for (const body of bodies) expect([body["data"], body["stringData"]]).toEqual([undefined, undefined]);
});

test.each(["failed", "forbidden", "conflict", "deleting"] as const)("a token whose owner is not as it should be (%s) waits for it", async (ownerResult) => {
  const { look } = setUp();
  expect((await look({ ownerResult })).asked).toEqual([peers]);
  expect((await look()).asked).toEqual([peers, token]);
});

describe("looks", () => {
  test("while all is well: at the start of the operator, then once in ten minutes or so", async () => {
    const { look, pass } = setUp();
    await look();
    expect(await look()).toMatchObject({ asked: [], results: ["unchanged", "unchanged"], fresh: false });
    pass(9 * minute);
    expect(await look()).toMatchObject({ asked: [], nextMs: minute });
    pass(minute);
    expect((await look()).asked).toEqual([peers, token]);
  });

  test("resources do not all look at once", async () => {
    const waits = [];
    for (const random of [0, 1]) waits.push((await setUp({ random }).look()).nextMs);
    expect(waits).toEqual([7.5 * minute, 12.5 * minute]);
  });

  test("while pods are missing: soon, then less and less often, and a lost Secret is made again", async () => {
    const { look, pass, exists } = setUp();
    await look();
    exists.delete(token);
    pass(5_000);
    expect(await look({ urgent: true })).toMatchObject({ asked: [peers, token], results: ["unchanged", "created"] });
    const waits = [];
    for (let i = 0; i < 9; i++) {
      const { nextMs } = await look({ urgent: true });
      waits.push(nextMs / 1_000);
      pass(nextMs);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600]);
    await look();
    pass(5_000);
    // it was well in between: it begins anew
    expect((await look({ urgent: true })).asked).not.toEqual([]);
  });

  test("for another token: at once", async () => {
    const { look } = setUp();
    await look();
    expect((await look({ tokenSlots: ["a", "b"] })).results).toEqual(["unchanged", "unchanged", "created"]);
  });

  test("under a new owner a Secret that is still there may be on its way out: again in a moment", async () => {
    const { look, pass, exists } = setUp();
    await look();
    expect(await look({ ownerUid: "o2" })).toMatchObject({ results: ["unchanged", "unchanged"], nextMs: 5_000 });
    exists.delete(token);
    pass(5_000);
    expect(await look({ ownerUid: "o2" })).toMatchObject({ results: ["unchanged", "created"], nextMs: 10 * minute });
  });

  test.each(["failed", "forbidden", "deleting"] as const)("what could not be made (%s) is tried again at the next reconcile", async (result) => {
    const { look, answerWith } = setUp();
    answerWith(result);
    expect((await look()).results).toEqual([result, result]);
    answerWith(undefined);
    expect((await look()).results).toEqual(["created", "created"]);
  });

  test("while paused none is made, and one that is missing is told", async () => {
    const { look, exists } = setUp();
    expect((await look({ spec: { paused: true } })).results).toEqual(["pending", "pending"]);
    expect(exists.size).toBe(0);
  });
});

test("a Secret of one's own: whether it is there is remembered, and looked for again while pods are missing", async () => {
  const { look, pass, exists } = setUp();
  const own = { spec: { auth: { secretName: "mine" } }, tokenSlots: [] as const, urgent: true };
  expect(await look(own)).toMatchObject({ asked: [peers, "mine"], missing: ["mine"] });
  expect(await look(own)).toMatchObject({ asked: [], missing: ["mine"] });
  exists.add("mine");
  pass(5_000);
  expect((await look(own)).missing).toEqual([]);
});

test("what is forgotten is looked for anew", () => {
  const looks = createLooks({ monotonic: () => 0, random: () => 0 });
  const it: LookFor = { key: "a/b", what: "x", urgent: false };
  looks.looked(it, { outcomes: [], missing: [] });
  expect(looks.last(it)).toEqual({ outcomes: [], missing: [] });
  looks.forget("a/b");
  expect(looks.last(it)).toBeUndefined();
});

test("Secrets of receivers: one that is missing is looked for soon, and less and less often; the pods are not asked for", async () => {
  const { look, exists, pass } = setUp();
  const routing = { slack: { apiURL: { name: "chat", key: "slack" }, channel: "#a" }, webhook: { urlSecret: { name: "chat", key: "hook" } }, pagerduty: { routingKey: { name: "pager", key: "k" } } };
  const routed = { spec: { monitoring: { routing } } };
  exists.add("pager");
  expect(await look(routed)).toMatchObject({ asked: [peers, token, "chat", "pager"], missing: ["chat"], nextMs: 5_000 });
  // what the status says by then
  const waiting = { ...routed, awaited: true };
  pass(5_000);
  expect(await look(waiting)).toMatchObject({ missing: ["chat"], nextMs: 10_000 });
  exists.add("chat");
  pass(10_000);
  expect(await look(waiting)).toMatchObject({ asked: [peers, token, "chat", "pager"], missing: [] });
  expect((await look(routed)).nextMs).toBeGreaterThan(7 * minute);
});

test("a Secret of a receiver that is named anew is looked for at once; with mode Disabled for none", async () => {
  const { look } = setUp();
  const routing = { webhook: { urlSecret: { name: "chat", key: "hook" } } };
  await look();
  expect((await look({ spec: { monitoring: { routing } } })).asked).toContain("chat");
  expect((await setUp().look({ spec: { monitoring: { routing: { ...routing, mode: "Disabled" } } } })).asked).toEqual([peers, token]);
});
