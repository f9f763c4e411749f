// The operator's command line.
import { describe, expect, test } from "vitest";
import { parseOptions } from "../../operator/options.ts";

const image = "--responder-image=localhost/kvr/responder:1";

test("an image is all it takes; a token needs two minutes to every pod, and the old one is accepted for an hour", () => {
  expect(parseOptions([image])).toEqual({ responderImage: "localhost/kvr/responder:1", port: 8080, host: "0.0.0.0", workers: 4, maxConcurrentRollouts: 5, tenantPolicy: "Any", logLevel: "info", propagationMs: 120_000, overlapMs: 3_600_000, resourceSeries: 1_000, traceSampleRatio: 1 });
});

test("each flag is heeded", () => {
  const flags = ["--port=0", "--host=127.0.0.1", "--workers=1", "--max-concurrent-rollouts=1", "--tenant-policy=NamespaceLabel", "--allowed-images=registry.example/caches/,ghcr.io/x:1", "--log-level=debug", "--token-propagation=6m", "--token-overlap=1h30m", "--resource-series=0", "--trace-endpoint=http://jaeger:4318", "--trace-sample-ratio=0.1", "--monitoring-labels=release=stack,team=platform", "--grafana-url=https://grafana.example/x", "--kubeconfig=/k"];
  expect(parseOptions([image, ...flags])).toMatchObject({ port: 0, host: "127.0.0.1", workers: 1, maxConcurrentRollouts: 1, tenantPolicy: "NamespaceLabel", allowedImages: ["registry.example/caches/", "ghcr.io/x:1"], logLevel: "debug", propagationMs: 360_000, overlapMs: 5_400_000, resourceSeries: 0, traceEndpoint: "http://jaeger:4318", traceSampleRatio: 0.1, monitoringLabels: { release: "stack", team: "platform" }, grafanaUrl: "https://grafana.example/x", kubeconfig: "/k" });
});

test("namespaces: each once; of two flags the last counts, so that an overlay may add one", () => {
  expect(parseOptions([image]).namespaces).toBeUndefined();
  expect(parseOptions([image, "--namespaces=team-a,b,team-a"]).namespaces).toEqual(["team-a", "b"]);
  expect(parseOptions([image, "--monitoring-namespaces=monitoring,logs"]).monitoringNamespaces).toEqual(["monitoring", "logs"]);
  expect(parseOptions([image, "--namespaces=kv-responder-system", "--namespaces=team-a"]).namespaces).toEqual(["team-a"]);
});

describe("what is wrong is said with the flag's name", () => {
  test.each([
    ["--port=http", "--port"],
    ["--workers=0", "--workers"],
    ["--tenant-policy=any", "--tenant-policy"],
    ["--allowed-images=", "--allowed-images"],
    ["--allowed-images=a, b", "--allowed-images"],
    ["--max-concurrent-rollouts=0", "--max-concurrent-rollouts"],
    ["--monitoring-namespaces=", "--monitoring-namespaces"],
    [`--monitoring-namespaces=${Array.from({ length: 17 }, (_, i) => `n${i}`).join(",")}`, "--monitoring-namespaces"],
    ["--namespaces=", "--namespaces"],
    ["--namespaces=a,,b", "--namespaces"],
    ["--namespaces=Team", "--namespaces"],
    [`--namespaces=${Array.from({ length: 51 }, (_, i) => `n${i}`).join(",")}`, "--namespaces"],
    ["--log-level=loud", "--log-level"],
    ["--token-propagation=2", "--token-propagation"],
    ["--token-overlap=0s", "--token-overlap"],
    ["--resource-series=-1", "--resource-series"],
    ["--trace-endpoint=jaeger:4318", "--trace-endpoint"],
    ["--trace-endpoint=http://jaeger:4318/?key=x", "--trace-endpoint"],
    ["--trace-sample-ratio=2", "--trace-sample-ratio"],
    ["--trace-sample-ratio=", "--trace-sample-ratio"],
    ["--monitoring-labels=release", "--monitoring-labels"],
    ["--monitoring-labels=release=a b", "--monitoring-labels"],
    ["--monitoring-labels=kvresponder.io/tenant=evil", "--monitoring-labels"],
    ["--grafana-url=grafana.example", "--grafana-url"],
    ["--grafana-url=https://grafana.example/{{ .x }}", "--grafana-url"],
  ])("%s", (flag, name) => expect(() => parseOptions([image, flag])).toThrow(name));

  test.each([["--trace-endpoint=http://user:canary@jaeger:4318"], ["--grafana-url=https://user:canary@grafana"], ["--trace-endpoint=canary"], ["--trace-endpoint=", "http://user:canary@jaeger:4318"], ["--trace-endpiont=http://user:canary@jaeger:4318"]])("but never what may hold credentials: %s %s", (...flags) => {
    const attempt = () => parseOptions([image, ...flags]);
    expect(attempt).toThrow();
    expect(attempt).not.toThrow("canary");
  });

  test("no image", () => expect(() => parseOptions([])).toThrow("--responder-image"));
});
