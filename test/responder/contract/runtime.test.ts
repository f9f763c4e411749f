import { parseRuntime, renderRuntime, runtimeFile } from "#contract/runtime";
import { logLevels } from "#crds/kvresponder";
import { ackModes } from "#crds/replication";
import { expect, test } from "vitest";

test.each(logLevels)("level %s survives the file", (logLevel) => {
  expect(parseRuntime(renderRuntime({ logLevel, ack: "Local" }))).toEqual({ logLevel, ack: "Local" });
});

test.each(ackModes)("ack %s and the number of pods survive the file", (ack) => {
  expect(parseRuntime(renderRuntime({ logLevel: "info", ack, replicas: 0 }))).toEqual({ logLevel: "info", ack, replicas: 0 });
});

test("a newer operator's settings are ignored, missing ones take their default", () => {
  expect(parseRuntime('{"logSample":10}')).toEqual({ logLevel: "info", ack: "Local" });
});

test("a value that is not allowed names the setting", () => {
  expect(() => parseRuntime('{"logLevel":"loud"}')).toThrow("logLevel: ");
  expect(() => parseRuntime('{"ack":"most","replicas":-1}')).toThrow(/^ack: .*; replicas: /);
  expect(() => parseRuntime("{")).toThrow();
});

test("the file lies in the mounted directory", () => {
  expect(runtimeFile).toBe("/etc/kv-responder/runtime.json");
});
