import { parseRuntime, renderRuntime, runtimeFile } from "#contract/runtime";
import { logLevels } from "#crds/telemetry";
import { ackModes } from "#crds/replication";
import { expect, test } from "vitest";

const defaults = { requests: { sample: 100, slowMs: 100, keyHash: false }, traceSampleRatio: 0.01 };

test.each(logLevels)("level %s survives the file", (logLevel) => {
  expect(parseRuntime(renderRuntime({ logLevel, ack: "Local" }))).toEqual({ ...defaults, logLevel, ack: "Local" });
});

test.each(ackModes)("ack %s and the number of pods survive the file", (ack) => {
  expect(parseRuntime(renderRuntime({ logLevel: "info", ack, replicas: 0 }))).toEqual({ ...defaults, logLevel: "info", ack, replicas: 0 });
});

test("which requests are logged and traced survives the file", () => {
  const settings = { requests: { sample: 1, slowMs: 5, keyHash: true }, traceSampleRatio: 0.5 };
  expect(parseRuntime(renderRuntime(settings))).toMatchObject(settings);
});

test("a newer operator's settings are ignored, missing ones take their default", () => {
  expect(parseRuntime('{"logSample":10}')).toEqual({ ...defaults, logLevel: "info", ack: "Local" });
});

test("a value that is not allowed names the setting", () => {
  expect(() => parseRuntime('{"logLevel":"loud"}')).toThrow("logLevel: ");
  expect(() => parseRuntime('{"ack":"most","replicas":-1}')).toThrow(/^ack: .*; replicas: /);
  expect(() => parseRuntime("{")).toThrow();
});

test("the file lies in the mounted directory", () => {
  expect(runtimeFile).toBe("/etc/kv-responder/runtime.json");
});
