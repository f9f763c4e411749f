// The operator's command line.
import { describe, expect, test } from "vitest";
import { parseOptions } from "../../operator/options.ts";

const image = "--responder-image=localhost/kvr/responder:1";

test("an image is all it takes; a token needs two minutes to every pod, and the old one is accepted for an hour", () => {
  expect(parseOptions([image])).toEqual({ responderImage: "localhost/kvr/responder:1", port: 8080, host: "0.0.0.0", workers: 4, logLevel: "info", propagationMs: 120_000, overlapMs: 3_600_000 });
});

test("each flag is heeded", () => {
  const flags = ["--port=0", "--host=127.0.0.1", "--workers=1", "--log-level=debug", "--token-propagation=6m", "--token-overlap=1h30m", "--kubeconfig=/k"];
  expect(parseOptions([image, ...flags])).toMatchObject({ port: 0, host: "127.0.0.1", workers: 1, logLevel: "debug", propagationMs: 360_000, overlapMs: 5_400_000, kubeconfig: "/k" });
});

describe("what is wrong is said with the flag's name", () => {
  test.each([
    ["--port=http", "--port"],
    ["--workers=0", "--workers"],
    ["--log-level=loud", "--log-level"],
    ["--token-propagation=2", "--token-propagation"],
    ["--token-overlap=0s", "--token-overlap"],
  ])("%s", (flag, name) => expect(() => parseOptions([image, flag])).toThrow(name));

  test("no image", () => expect(() => parseOptions([])).toThrow("--responder-image"));
});
