import { parseRuntime, renderRuntime, runtimeFile } from "#contract/runtime";
import { logLevels } from "#crds/kvresponder";
import { expect, test } from "vitest";

test.each(logLevels)("level %s survives the file", (logLevel) => {
  expect(parseRuntime(renderRuntime({ logLevel }))).toEqual({ logLevel });
});

test("a newer operator's settings are ignored, missing ones take their default", () => {
  expect(parseRuntime('{"logSample":10}')).toEqual({ logLevel: "info" });
});

test("a value that is not allowed names the setting", () => {
  expect(() => parseRuntime('{"logLevel":"loud"}')).toThrow("logLevel: ");
  expect(() => parseRuntime("{")).toThrow();
});

test("the file lies in the mounted directory", () => {
  expect(runtimeFile).toBe("/etc/kv-responder/runtime.json");
});
