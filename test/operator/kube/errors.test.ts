import { describe, expect, test } from "vitest";
import { ApiError, failureOfAnswer, failureOfEvent, failureOfThrow, isApiError } from "../../../operator/kube/errors.ts";

const status = (code: number, reason: string, details: object = {}, message = "why") => JSON.stringify({ kind: "Status", code, reason, message, details });

// bodies as Kubernetes 1.36 sends them
test.each([
  [401, "unauthorized", status(401, "Unauthorized")],
  [403, "forbidden", status(403, "Forbidden")],
  [403, "namespaceTerminating", status(403, "Forbidden", { causes: [{ reason: "NamespaceTerminating", field: "metadata.namespace" }] })],
  [404, "notFound", status(404, "NotFound", { name: "a", kind: "configmaps" })],
  [404, "missingKind", "404 page not found\n"],
  [404, "missingKind", status(404, "NotFound", {})],
  [409, "alreadyExists", status(409, "AlreadyExists", { name: "a" })],
  [409, "conflict", status(409, "Conflict", { name: "a" }, "uid mismatch: the provided object specified uid 1, and no existing object was found")],
  [409, "fieldConflict", status(409, "Conflict", { causes: [{ reason: "FieldManagerConflict", field: ".spec.replicas" }] })],
  [410, "gone", status(410, "Expired")],
  [410, "gone", status(410, "Gone")],
  [422, "invalid", status(422, "Invalid", { causes: [{ reason: "FieldValueInvalid", field: "spec.x" }] })],
  [422, "conflict", status(422, "Invalid", { causes: [{ reason: "FieldValueInvalid", field: "metadata.uid" }] })],
  [400, "invalid", status(400, "BadRequest")],
  [415, "invalid", status(415, "UnsupportedMediaType")],
  [429, "throttled", status(429, "TooManyRequests")],
  [500, "unavailable", status(500, "InternalError")],
  [500, "invalid", status(500, "", {}, "failed to create typed patch object (n/a; apps/v1, Kind=Deployment): .spec.nope: field not declared in schema")],
  [503, "unavailable", "<html>proxy</html>"],
  [504, "gone", status(504, "Timeout", { causes: [{ reason: "ResourceVersionTooLarge" }] })],
  [504, "unavailable", status(504, "Timeout")],
  [302, "unknown", ""],
])("HTTP %i is %s for %s", (code, kind, body) => {
  expect(failureOfAnswer(code, body)).toMatchObject({ kind, status: code });
});

describe("Retry-After", () => {
  test("in seconds, as a date, or in the body", () => {
    expect(failureOfAnswer(429, "", "12").retryAfterMs).toBe(12_000);
    expect(failureOfAnswer(503, "", "Thu, 01 Jan 2026 00:00:30 GMT", Date.UTC(2026, 0, 1)).retryAfterMs).toBe(30_000);
    expect(failureOfAnswer(503, "", "Thu, 01 Jan 2026 00:00:30 GMT", Date.UTC(2027, 0, 1)).retryAfterMs).toBe(0);
    expect(failureOfAnswer(429, status(429, "TooManyRequests", { retryAfterSeconds: 3 })).retryAfterMs).toBe(3_000);
    expect(failureOfAnswer(429, "", "soon").retryAfterMs).toBeUndefined();
  });
});

test("an ERROR event is classified like an answer", () => {
  expect(failureOfEvent({ kind: "Status", code: 410, reason: "Expired", message: "too old resource version: 1 (9)" })).toMatchObject({ kind: "gone", detail: "too old resource version: 1 (9)" });
  expect(failureOfEvent(undefined).kind).toBe("unknown");
  expect(failureOfEvent({ kind: "Status", code: 500, reason: "InternalError" }).kind).toBe("unavailable");
});

test("what a socket throws is a network failure, or a timeout", () => {
  const thrown = (code: string): Error => Object.assign(new Error(`it said ${code}`), { code });
  expect(failureOfThrow(thrown("ECONNRESET"))).toMatchObject({ kind: "network", reason: "ECONNRESET", status: 0 });
  expect(failureOfThrow(thrown("UND_ERR_CONNECT_TIMEOUT")).kind).toBe("timeout");
  expect(failureOfThrow("a string").kind).toBe("network");
});

test("the detail is one short line without secrets", () => {
  const { detail } = failureOfAnswer(500, status(500, "x", {}, `a\n\tb\u0000 Bearer abc.def ${"y".repeat(1_000)}`));
  expect(detail.startsWith("a b bearer [redacted] yyy")).toBe(true);
  expect(detail).toHaveLength(300);
});

test("an ApiError tells what was attempted, and is told from other errors", () => {
  const error = new ApiError("apply v1/configmaps", { kind: "gone", status: 410, reason: "Expired", detail: "too old" });
  expect(error.message).toBe("apply v1/configmaps: too old");
  expect([isApiError(error), isApiError(error, "gone", "network"), isApiError(error, "network"), isApiError(new Error("x"))]).toEqual([true, true, false, false]);
});
