// The responder's configuration: one schema that parses its environment variables and renders them for the Deployment.
import { evictionPolicies } from "#crds/kvresponder";
import { replicationModes } from "#crds/replication";
import { traceEndpoint } from "#crds/telemetry";
import { z } from "zod";
import { port } from "./http.ts";

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

const text = (pattern: RegExp, hint: string) => z.string().regex(pattern, { error: hint });

/** Decimal digits in the environment, a number in the configuration. */
const whole = (what: string, min: number, max: number) => {
  const error = `must be ${what}, ${min} to ${max}`;
  return z.codec(z.string().regex(/^\d{1,16}$/, { error }), z.int({ error }).min(min, { error }).max(max, { error }), {
    decode: Number,
    encode: String,
  });
};

// a port of 0 asks the system for a free one; the start line of the log tells which
const portNumber = () => whole("a TCP port", 0, 65_535);

/** Where a peer listens. */
export interface PeerAddress {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const peerError = "must be host:port,host:port with at most 32 of them, IPv6 addresses in brackets";
const peerPattern = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9a-zA-Z.-]{1,253})):(\d{1,5})$/;

const peerList = () =>
  z.codec(
    z.string().refine((text) => text.split(",").every((peer) => peerPattern.test(peer)), { error: peerError }),
    z
      .array(z.object({ host: z.string(), port: z.int({ error: peerError }).min(1, { error: peerError }).max(65_535, { error: peerError }) }), { error: peerError })
      .max(32, { error: peerError }),
    {
      decode: (text) => text.split(",").map((peer): PeerAddress => {
        const [, six, other = "", digits] = peerPattern.exec(peer) ?? [];
        return { host: six ?? other, port: Number(digits) };
      }),
      encode: (peers) => peers.map(({ host, port: number }) => `${host.includes(":") ? `[${host}]` : host}:${number}`).join(","),
    },
  );

/** Ten years: beyond it a time to live is a mistake in units. */
export const maxTtlSeconds = 315_360_000;

/** Of each protocol, where the environment says nothing. */
export const defaultMaxConnections = 10_000;

const schema = z.object({
  tenant: text(dnsLabel, "must be a DNS label: a-z, 0-9 and '-', at most 63").default("local"),
  name: text(dnsLabel, "must be the KVResponder's name").default("local"),
  namespace: text(dnsLabel, "must be a namespace").default("local"),
  pod: text(dnsName, "must be a pod's name").default("local"),
  service: text(dnsLabel, "must be a Service's name").default("kv-responder-local"),
  maxMemoryBytes: whole("a whole number of bytes", 0, 2 ** 50).default(256 * 2 ** 20),
  defaultTtlSeconds: whole("a whole number of seconds", 1, maxTtlSeconds).optional(),
  /** Longer ones are cut to it, and entries without one get it when there is no default. */
  maxTtlSeconds: whole("a whole number of seconds", 1, maxTtlSeconds).optional(),
  maxEntries: whole("a number of entries", 1, 2 ** 26).optional(),
  maxValueBytes: whole("a whole number of bytes", 1, 64 * 2 ** 20).default(2 ** 20),
  evictionPolicy: z.enum(evictionPolicies, { error: `must be one of ${evictionPolicies.join(", ")}` }).default("TinyLFU"),
  /** Absent: settings stay as they are at the start. */
  runtimeFile: z.string().regex(/^\//, { error: "must be an absolute path" }).optional(),
  /** Base URL of an OTLP/HTTP receiver, to which /v1/traces is added. Absent: no traces, and nothing of OpenTelemetry is loaded. */
  traceEndpoint: text(new RegExp(traceEndpoint.pattern), traceEndpoint.message).max(512).optional(),
  /** "*": every address of both families, which a pod needs. */
  host: z.string().regex(/^(\*|[0-9a-zA-Z.:-]{1,253})$/, { error: "must be an address, a host name, or * for every address" }).default("127.0.0.1"),
  httpPort: portNumber().default(port.http),
  /** Absent: no Redis protocol. */
  respPort: portNumber().optional(),
  /** Each file in it is one token that clients may bring; re-read. Absent: no token is asked for. */
  tokenDir: z.string().regex(/^\//, { error: "must be an absolute path" }).optional(),
  /** Secret of the tenant's pods, from which the hash seed is derived. Absent: one is drawn for this process. */
  peerSecretFile: z.string().regex(/^\//, { error: "must be an absolute path" }).optional(),
  metricsPort: portNumber().default(port.metrics),
  /** None: this process neither looks for peers nor listens for them. */
  replication: z.enum(replicationModes, { error: `must be one of ${replicationModes.join(", ")}` }).default("None"),
  peersPort: portNumber().default(port.peers),
  /** The headless Service whose DNS records are the pods, looked up in the pod's search domains. */
  peersService: text(dnsName, "must be a DNS name").optional(),
  /** Peers that are known beforehand, instead of or beside those that DNS tells of. */
  peers: peerList().optional(),
  /** Survives a restart of the container. Absent: one is drawn for this process. */
  podUid: text(/^[0-9a-zA-Z-]{1,63}$/, "must be a pod's UID").optional(),
  /** What it announces to its peers. */
  podIp: z.union([z.ipv4(), z.ipv6()], { error: "must be an IP address" }).optional(),
  /** How long it is remembered that a key was deleted. */
  tombstoneRetentionSeconds: whole("a whole number of seconds", 1, 86_400).default(600),
  /** Not ready for this long at most while entries are copied from a peer. */
  warmupTimeoutSeconds: whole("a whole number of seconds", 1, 1_800).default(60),
  /** Clients beyond it are turned away at once. */
  maxConnections: whole("a number of connections", 1, 1_000_000).default(defaultMaxConnections),
  /** From SIGTERM to the end: requests in flight that take longer are cut. */
  drainSeconds: whole("a whole number of seconds", 0, 3_600).default(20),
});

export type ResponderConfig = z.output<typeof schema>;

/** What each field is called in the environment. */
export const variable = {
  tenant: "KVR_TENANT",
  name: "KVR_NAME",
  namespace: "KVR_NAMESPACE",
  pod: "KVR_POD",
  service: "KVR_SERVICE",
  maxMemoryBytes: "KVR_MAX_MEMORY",
  defaultTtlSeconds: "KVR_DEFAULT_TTL",
  maxTtlSeconds: "KVR_MAX_TTL",
  maxEntries: "KVR_MAX_ENTRIES",
  maxValueBytes: "KVR_MAX_VALUE_BYTES",
  evictionPolicy: "KVR_EVICTION_POLICY",
  runtimeFile: "KVR_RUNTIME_FILE",
  traceEndpoint: "KVR_TRACE_ENDPOINT",
  host: "KVR_HOST",
  httpPort: "KVR_HTTP_PORT",
  respPort: "KVR_RESP_PORT",
  tokenDir: "KVR_TOKEN_DIR",
  peerSecretFile: "KVR_PEER_SECRET_FILE",
  metricsPort: "KVR_METRICS_PORT",
  replication: "KVR_REPLICATION",
  peersPort: "KVR_PEERS_PORT",
  peersService: "KVR_PEERS_SERVICE",
  peers: "KVR_PEERS",
  podUid: "KVR_POD_UID",
  podIp: "KVR_POD_IP",
  tombstoneRetentionSeconds: "KVR_TOMBSTONE_RETENTION",
  warmupTimeoutSeconds: "KVR_WARMUP_TIMEOUT",
  maxConnections: "KVR_MAX_CONNECTIONS",
  drainSeconds: "KVR_DRAIN_SECONDS",
} as const satisfies Record<keyof ResponderConfig, string>;

const fields = Object.keys(variable) as (keyof ResponderConfig)[];

/** Known only to the running pod: variable -> field path of the downward API. */
export const downwardEnv = {
  [variable.namespace]: "metadata.namespace",
  [variable.pod]: "metadata.name",
  [variable.podUid]: "metadata.uid",
  [variable.podIp]: "status.podIP",
} as const;

/** What the operator decides; a field that is left out takes the default at the start of the pod. */
export type RenderedConfig = Partial<Omit<ResponderConfig, "namespace" | "pod" | "podUid" | "podIp">>;

export interface EnvVar {
  name: string;
  value: string;
}

/** The literal variables in the schema's order, so that an unchanged configuration never changes the pod template. Throws when a value is not allowed. */
export const renderEnv = (config: RenderedConfig): EnvVar[] => {
  const encoded: Record<string, unknown> = schema.partial().encode(config);
  return fields.flatMap((field) => (encoded[field] === undefined ? [] : [{ name: variable[field], value: String(encoded[field]) }]));
};

/** Fields whose value may hold credentials, above all one that is refused: they are not repeated. */
const unrepeated: ReadonlySet<PropertyKey | undefined> = new Set(["traceEndpoint"] satisfies (keyof ResponderConfig)[]);

/** An empty variable counts as unset; variables that are not ours are ignored. Throws one error that lists every problem. */
export const parseEnv = (env: Readonly<Record<string, string | undefined>>): ResponderConfig => {
  const given = Object.fromEntries(fields.flatMap((field) => (env[variable[field]] ? [[field, env[variable[field]]]] : [])));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => {
    const name = variable[path[0] as keyof ResponderConfig];
    return `  ${name}${unrepeated.has(path[0]) ? "" : `=${JSON.stringify(env[name])}`} ${message}`;
  });
  throw new Error(`the environment is not valid; correct or unset:\n${problems.join("\n")}`);
};
