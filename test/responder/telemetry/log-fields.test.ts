import { boundedFields, problemsOf } from "#telemetry/log-fields";
import { expect, test } from "vitest";

test("fields that are fine are not copied", () => {
  const fields = { method: "GET", status: 200, durationMs: 0.5, peer: undefined, note: "x".repeat(1_024) };
  expect(boundedFields(fields)).toBe(fields);
});

test("a long text is cut, and says so", () => {
  const { reason } = boundedFields({ reason: "x".repeat(1_025) });
  expect(reason).toBe(`${"x".repeat(1_024)} [cut: 1025 characters]`);
  // never in the middle of a character
  expect(String(boundedFields({ reason: `${"x".repeat(1_023)}😀` })["reason"]).isWellFormed()).toBe(true);
});

test("lists and objects are cut in length and depth", () => {
  const nest = (depth: number): object => (depth === 0 ? { deep: "down" } : { in: nest(depth - 1) });
  const { list, nested } = boundedFields({ list: Array.from({ length: 40 }, () => "x".repeat(2_000)), nested: nest(9) });
  expect(list).toHaveLength(32);
  expect((list as string[])[0]).toContain("[cut: 2000 characters]");
  expect(JSON.stringify(nested)).toBe('{"in":{"in":{"in":{"in":"[deeper]"}}}}');
});

test("secrets and bytes are never written, wherever they stand", () => {
  const text = JSON.stringify(boundedFields({ token: "canary", headers: { authorization: "canary", cookie: ["canary"] }, value: Buffer.from("canary") }));
  expect(JSON.parse(text)).toEqual({ token: "[secret]", headers: { authorization: "[secret]", cookie: "[secret]" }, value: "[6 bytes]" });
});

test("an error is its type, message, code and stack, and the same of its causes", () => {
  class Refused extends Error {
    readonly code = "ECONNREFUSED";
    /** What libraries hang on their errors. */
    readonly body = "canary";
  }
  const err = new Error("apply", { cause: new Refused("refused", { cause: "a text" }) });
  const { err: told } = boundedFields({ err });
  expect(told).toEqual({
    type: "Error",
    message: "apply",
    stack: expect.stringContaining("log-fields.test.ts"),
    cause: { type: "Refused", message: "refused", code: "ECONNREFUSED", stack: expect.any(String), cause: { type: "string", message: "a text" } },
  });
  expect(JSON.stringify(told)).not.toContain("canary");
});

test("an error that stands for several names a few of them", () => {
  const { err } = boundedFields({ err: new AggregateError(Array.from({ length: 9 }, (_, i) => new Error(`no ${i}`)), "all failed") });
  expect(err).toMatchObject({ type: "AggregateError", message: "all failed", errors: [{ message: "no 0" }, { message: "no 1" }, { message: "no 2" }, { message: "no 3" }] });
  expect((err as { errors: [] }).errors).toHaveLength(4);
});

test("errors that refer to themselves, long stacks and what is no error are bounded too", () => {
  const err = new Error("x".repeat(5_000));
  err.cause = err;
  const text = JSON.stringify(boundedFields({ err }));
  expect(text.length).toBeLessThan(5 * (1_100 + 8_300));
  expect(boundedFields({ err: { secret: "canary" } })).toEqual({ err: { type: "object", message: "[object Object]" } });
  expect(boundedFields({ err: undefined })).toEqual({ err: { type: "undefined", message: "undefined" } });
});

test("each line of a message is a problem", () => {
  expect(problemsOf(new Error("correct:\n  A is wrong\n  B is missing"))).toEqual(["correct:", "A is wrong", "B is missing"]);
});
