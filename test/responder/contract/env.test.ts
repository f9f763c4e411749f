import { downwardEnv, maxTtlSeconds, parseEnv, renderEnv, variable, type RenderedConfig, type ResponderConfig } from "#contract/env";
import { evictionPolicies } from "#crds/kvresponder";
import { replicationModes } from "#crds/replication";
import fc from "fast-check";
import { expect, test } from "vitest";

const dnsLabel = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/);
const address = fc.oneof(fc.ipV4(), fc.ipV6());
const pods: fc.Arbitrary<Pick<ResponderConfig, "namespace" | "pod" | "podUid" | "podIp">> = fc.record({ namespace: dnsLabel, pod: dnsLabel, podUid: fc.uuid(), podIp: address });
const peer = fc.record({ host: fc.oneof(address, dnsLabel), port: fc.integer({ min: 1, max: 65_535 }) });
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
    replication: fc.constantFrom(...replicationModes),
    peersPort: fc.integer({ min: 0, max: 65_535 }),
    peersService: dnsLabel,
    traceEndpoint: fc.tuple(fc.constantFrom("http", "https"), dnsLabel, fc.constantFrom("", ":4318", ":65535/otlp")).map(([scheme, host, rest]) => `${scheme}://${host}${rest}`),
    peers: fc.array(peer, { minLength: 1, maxLength: 32 }),
    tombstoneRetentionSeconds: fc.integer({ min: 1, max: 86_400 }),
    warmupTimeoutSeconds: fc.integer({ min: 1, max: 1_800 }),
    maxConnections: fc.integer({ min: 1, max: 100_000 }),
    drainSeconds: fc.integer({ min: 0, max: 3600 }),
  },
  { requiredKeys: [] },
);
const record = (vars: { name: string; value: string }[]) => Object.fromEntries(vars.map((v) => [v.name, v.value]));

test("what the operator renders, the responder reads back; the rest takes its default", () => {
  fc.assert(
    fc.property(rendered, pods, (config, pod) => {
      const env = {
        ...record(renderEnv(config)),
        [variable.namespace]: pod.namespace,
        [variable.pod]: pod.pod,
        [variable.podUid]: pod.podUid,
        [variable.podIp]: pod.podIp,
      };
      expect(parseEnv(env)).toEqual({ ...parseEnv({}), ...config, ...pod });
    }),
  );
});

test("the literal variables and those of the downward API do not overlap and cover everything", () => {
  const { namespace, pod, podUid, podIp, ...full } = parseEnv({
    [variable.defaultTtlSeconds]: "60",
    [variable.maxTtlSeconds]: "60",
    [variable.maxEntries]: "1",
    [variable.runtimeFile]: "/x",
    [variable.respPort]: "6379",
    [variable.tokenDir]: "/x",
    [variable.peerSecretFile]: "/x",
    [variable.peersService]: "kv-peers-x",
    [variable.peers]: "10.0.0.1:7946",
    [variable.traceEndpoint]: "http://jaeger:4318",
  });
  expect([namespace, pod, podUid, podIp]).toEqual(["local", "local", undefined, undefined]);
  const literal = renderEnv(full).map((v) => v.name);
  expect([...literal, ...Object.keys(downwardEnv)].sort()).toEqual(Object.values(variable).sort());
  expect(downwardEnv).toEqual({ KVR_NAMESPACE: "metadata.namespace", KVR_POD: "metadata.name", KVR_POD_UID: "metadata.uid", KVR_POD_IP: "status.podIP" });
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
    replication: "None",
    peersPort: 7946,
    tombstoneRetentionSeconds: 600,
    warmupTimeoutSeconds: 60,
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

test.each(["http://user:canary@jaeger:4318", "canary", `http://jaeger/canary${"y".repeat(512)}`])("an endpoint of traces that is refused is not repeated, it may hold credentials: %#", (text) => {
  const attempt = () => parseEnv({ KVR_TRACE_ENDPOINT: text });
  expect(attempt).toThrow(/\n {2}KVR_TRACE_ENDPOINT \w/);
  expect(attempt).not.toThrow("canary");
});

test("a list of peers takes names and addresses of both families", () => {
  expect(parseEnv({ KVR_PEERS: "127.0.0.1:7946,[::1]:7947,kv-0.kv-peers:7948" }).peers).toEqual([
    { host: "127.0.0.1", port: 7946 },
    { host: "::1", port: 7947 },
    { host: "kv-0.kv-peers", port: 7948 },
  ]);
});

const many = Array.from({ length: 33 }, (_, i) => `10.0.0.${i}:7946`).join(",");
test.each(["127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "::1:7946", "[::1]", "a:1,", "a:1 b:2", "http://a:1", many])("KVR_PEERS=%s is refused", (text) => {
  expect(() => parseEnv({ KVR_PEERS: text })).toThrow("must be host:port,host:port with at most 32 of them, IPv6 addresses in brackets");
});

test("an announced address is an address", () => {
  for (const podIp of ["10.244.0.7", "fd00::7"]) expect(parseEnv({ KVR_POD_IP: podIp }).podIp).toBe(podIp);
  for (const text of ["kv-0", "10.244.0", "10.244.0.7:80"]) expect(() => parseEnv({ KVR_POD_IP: text })).toThrow("must be an IP address");
});

test("the renderer refuses what the parser would refuse", () => {
  expect(() => renderEnv({ tenant: "No_Label" })).toThrow("DNS label");
  expect(() => renderEnv({ maxMemoryBytes: 1.5 })).toThrow("whole number");
});
