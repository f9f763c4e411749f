// Clients with exactly one connection: through a Service they stay with one pod, which has what was put there before the others do.
import { Redis } from "ioredis";
import { Client } from "undici";
import { waitFor } from "../cluster/index.ts";

export interface RoundTrip {
  readonly put: number;
  readonly get: number;
  readonly value: string;
  readonly sameVersion: boolean;
}

const bearer = (token: string | undefined): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` });

/** A Ready pod is an endpoint a moment before kube-proxy sends it anything: until then connections through the Service are refused. */
export const untilServed = (url: string): Promise<true> => waitFor(`${url} takes connections`, async () => (await fetch(`${url}/metrics`)).ok);

/** Puts the value under the key and reads it back. */
export const roundTrip = async (url: string, key: string, value: string, token?: string): Promise<RoundTrip> => {
  const client = new Client(url);
  try {
    const path = `/v1/kv/${encodeURIComponent(key)}`;
    const put = await client.request({ method: "PUT", path, body: value, headers: { "kv-ttl": "3600", ...bearer(token) } });
    await put.body.dump();
    const get = await client.request({ method: "GET", path, headers: bearer(token) });
    return { put: put.statusCode, get: get.statusCode, value: await get.body.text(), sameVersion: put.headers["etag"] === get.headers["etag"] };
  } finally {
    await client.close();
  }
};

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** SET and GET over the Redis protocol; what GET answers. Waits until the Service takes connections; a refused token is thrown. */
export const redisRoundTrip = async ({ host, port }: Address, key: string, value: string, token?: string): Promise<string | null> => {
  // reconnects by itself until it is let in
  const client = new Redis({ host, port, ...(token !== undefined && { password: token }), maxRetriesPerRequest: 50, retryStrategy: () => 100 });
  // told by the command that fails
  client.on("error", () => undefined);
  try {
    await client.set(key, value, "EX", 3600);
    return await client.get(key);
  } finally {
    client.disconnect();
  }
};
