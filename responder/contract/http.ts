// Ports, paths and header names that operator and operand share.

export const port = { http: 8080, resp: 6379, metrics: 9090, peers: 7946 } as const;

/** Names of the container and Service ports; the ServiceMonitor selects by name. */
export const portName = { http: "http", resp: "resp", metrics: "metrics", peers: "peers" } as const;

/** The Service's ports; that of the Redis protocol is the resource's choice. */
export const servicePort = { http: 80, metrics: port.metrics } as const;

export const path = { metrics: "/metrics", livez: "/livez", readyz: "/readyz", info: "/info", kv: "/v1/kv", batch: "/v1/batch", openapi: "/openapi.json" } as const;

/** Time to live of an entry, in and out: whole seconds as a decimal number. */
export const ttlHeader = "KV-TTL";

/** Of a write: local, one or all, the peers that must have it before it is answered. */
export const ackHeader = "KV-Ack";
/** Of the answer to a write that waited: "n/m", peers that have it, of those that there are. */
export const ackedHeader = "KV-Acked";
/** Of a read: the version of its key that the answer must not be older than. */
export const minVersionHeader = "KV-Min-Version";

/** Keys are 1..512 bytes after percent-decoding, compared as bytes. */
export const maxKeyBytes = 512;

/** Bytes of one token, and of one file with a token in it. */
export const tokenBytes = { min: 16, max: 512 } as const;
