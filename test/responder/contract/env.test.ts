import { downwardEnv, maxTtlSeconds, parseEnv, renderEnv, variable, type RenderedConfig, type ResponderConfig } from "#contract/env";
import { evictionPolicies } from "#crds/kvresponder";
import fc from "fast-check";
import { expect, test } from "vitest";

const dnsLabel = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/);
const pods: fc.Arbitrary<Pick<ResponderConfig, "namespace" | "pod">> = fc.record({ namespace: dnsLabel, pod: dnsLabel });
const rendered: fc.Arbitrary<RenderedConfig> = fc.record(
  {
    tenant: dnsLabel,
    name: dnsLabel,
    service: dnsLabel,
    maxMemoryBytes: fc.integer({ min: 0, max: 2 ** 45 }),
    defaultTtlSeconds: fc.integer({ min: 1, max: maxTtlSeconds }),
    maxTtlSeconds: fc.integer({ min: 1, max: maxTtlSeconds }),
    maxEntries: fc.integer({ min: 1, max: 2 ** 26 }),
    maxValueBytes: fc.integer({ min: 1, max: 2 ** 26 }),
    evictionPolicy: fc.constantFrom(...evictionPolicies),
    runtimeFile: fc.constantFrom("/etc/kv-responder/runtime.json", "/tmp/x"),
    host: fc.constantFrom("*", "127.0.0.1", "::1", "localhost"),
    httpPort: fc.integer({ min: 0, max: 65_535 }),
    respPort: fc.integer({ min: 0, max: 65_535 }),
    tokenDir: fc.constant("/etc/kv-responder-token"),
    peerSecretFile: fc.constant("/etc/kv-peers/secret"),
    metricsPort: fc.integer({ min: 0, max: 65_535 }),
    maxConnections: fc.integer({ min: 1, max: 100_000 }),
    drainSeconds: fc.integer({ min: 0, max: 3600 }),
  },
  { requiredKeys: [] },
);
const record = (vars: { name: string; value: string }[]) => Object.fromEntries(vars.map((v) => [v.name, v.value]));

test("what the operator renders, the responder reads back; the rest takes its default", () => {
  fc.assert(
    fc.property(rendered, pods, (config, pod) => {
      const env = { ...record(renderEnv(config)), [variable.namespace]: pod.namespace, [variable.pod]: pod.pod };
      expect(parseEnv(env)).toEqual({ ...parseEnv({}), ...config, ...pod });
    }),
  );
});

test("the literal variables and those of the downward API do not overlap and cover everything", () => {
  const { namespace, pod, ...full } = parseEnv({
    [variable.defaultTtlSeconds]: "60",
    [variable.maxTtlSeconds]: "60",
    [variable.maxEntries]: "1",
    [variable.runtimeFile]: "/x",
    [variable.respPort]: "6379",
    [variable.tokenDir]: "/x",
    [variable.peerSecretFile]: "/x",
  });
  expect([namespace, pod]).toEqual(["local", "local"]);
  const literal = renderEnv(full).map((v) => v.name);
  expect([...literal, ...Object.keys(downwardEnv)].sort()).toEqual(Object.values(variable).sort());
  expect(downwardEnv).toEqual({ KVR_NAMESPACE: "metadata.namespace", KVR_POD: "metadata.name" });
});

test("without any environment it serves loopback", () => {
  expect(parseEnv({})).toEqual({
    tenant: "local",
    name: "local",
    namespace: "local",
    pod: "local",
    service: "kv-responder-local",
    maxMemoryBytes: 268_435_456,
    maxValueBytes: 1_048_576,
    evictionPolicy: "TinyLFU",
    host: "127.0.0.1",
    httpPort: 8080,
    metricsPort: 9090,
    maxConnections: 10_000,
    drainSeconds: 20,
  });
});

test("an empty variable is unset, a stranger's is ignored", () => {
  expect(parseEnv({ KVR_TENANT: "", KVR_DEFAULT_TTL: "", KVR_PORT: "tcp://10.0.0.1:80" })).toEqual(parseEnv({}));
});

test("every problem is told at once, with the variable, the value and what is allowed", () => {
  const attempt = () => parseEnv({ KVR_TENANT: "No_Label", KVR_HTTP_PORT: "80 80", KVR_MAX_MEMORY: "256Mi", KVR_METRICS_PORT: "70000" });
  expect(attempt).toThrowErrorMatchingInlineSnapshot(`
    [Error: the environment is not valid; correct or unset:
      KVR_TENANT="No_Label" must be a DNS label: a-z, 0-9 and '-', at most 63
      KVR_MAX_MEMORY="256Mi" must be a whole number of bytes, 0 to 1125899906842624
      KVR_HTTP_PORT="80 80" must be a TCP port, 0 to 65535
      KVR_METRICS_PORT="70000" must be a TCP port, 0 to 65535]
  `);
});

test("the renderer refuses what the parser would refuse", () => {
  expect(() => renderEnv({ tenant: "No_Label" })).toThrow("DNS label");
  expect(() => renderEnv({ maxMemoryBytes: 1.5 })).toThrow("whole number");
});
