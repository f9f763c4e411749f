// health.lua over every state that a KVResponder could show, possible or not.
import { expect, test } from "vitest";
import { loadLua } from "./lua.ts";
import { type Health, healthScript } from "./scripts.ts";
import { generation, objectOf, type State, states } from "./states.ts";

const run = loadLua(healthScript);
const healthOf = (object: object): Health => run(object).result as Health;

const verdicts = states.map((state) => {
  const { result, globals } = run(objectOf(state));
  return { state, globals, ...(result as Health) };
});

const seen = (s: State): boolean => !s.deleting && s.observed === generation && s.spokenOf === generation;

const hopeless = new Set(["QuotaExceeded", "RolloutStuck", "SecretMissing"]);

/** States that break a rule. */
const breaking = (holds: (verdict: (typeof verdicts)[number]) => boolean) => verdicts.filter((verdict) => !holds(verdict));

test("there are thousands of states, and every health occurs", () => {
  expect(states.length).toBeGreaterThan(5_000);
  expect(new Set(verdicts.map((v) => v.status))).toEqual(new Set(["Healthy", "Progressing", "Degraded", "Suspended"]));
});

test("there is always a status and a message, and no global variable is left", () => {
  expect(breaking((v) => typeof v.status === "string" && typeof v.message === "string" && v.message.length > 0 && v.globals.length === 0)).toEqual([]);
});

test("healthy only when this generation was seen, by conditions of this generation, and Ready is True", () => {
  expect(breaking((v) => v.status !== "Healthy" || (seen(v.state) && v.state.ready === "True" && v.state.reconciling !== "True" && v.state.stalled !== "True"))).toEqual([]);
});

test("not healthy without conditions", () => {
  for (const status of [undefined, {}, { observedGeneration: -1 }, { observedGeneration: generation }, { observedGeneration: generation, conditions: [] }]) {
    const object = { metadata: { name: "a", generation }, spec: {}, ...(status && { status }) };
    expect(healthOf(object).status, JSON.stringify(status)).toBe("Progressing");
  }
});

test("what the operator has not seen is under way, whatever the status says", () => {
  expect(breaking((v) => v.status === "Progressing" || (!v.state.deleting && v.state.observed === generation))).toEqual([]);
});

test("paused is suspended", () => {
  expect(breaking((v) => !seen(v.state) || (v.status === "Suspended") === (v.state.paused === "True"))).toEqual([]);
});

test("what needs a person is degraded", () => {
  const errors = new Set(["Conflict", "TenantTaken", "TenantDenied", "ImageDenied", "Invalid", "Paused"]);
  const needsPerson = (s: State) => s.stalled === "True" || hopeless.has(s.workload) || (s.reconciling !== "True" && s.ready === "False" && errors.has(s.readyReason));
  expect(breaking((v) => !seen(v.state) || v.state.paused === "True" || (v.status === "Degraded") === needsPerson(v.state))).toEqual([]);
});

test("what goes by without a person is under way", () => {
  const waits = (s: State) => s.reconciling === "True" || s.ready === "Unknown" || s.ready === "absent" || (s.ready === "False" && (s.readyReason === "WorkloadUnavailable" || s.readyReason === "ApplyFailed"));
  const passing = (s: State) => s.stalled !== "True" && s.paused !== "True" && !hopeless.has(s.workload) && waits(s);
  expect(breaking((v) => !seen(v.state) || !passing(v.state) || v.status === "Progressing")).toEqual([]);
});

test("a reason that is not known needs a person", () => {
  const object = objectOf({ ...states[0]!, observed: generation, spokenOf: generation, deleting: false, ready: "False", readyReason: "FromTheFuture", reconciling: "False", stalled: "False", paused: "absent", workload: "absent" });
  expect(healthOf(object)).toEqual({ status: "Degraded", message: "what Ready says" });
});
