// A client with exactly one connection: through a Service it stays with one pod. Pods do not replicate yet, so only that pod has what was put.
import { Client } from "undici";

export interface RoundTrip {
  readonly put: number;
  readonly get: number;
  readonly value: string;
  readonly sameVersion: boolean;
}

/** Puts the value under the key and reads it back. */
export const roundTrip = async (url: string, key: string, value: string): Promise<RoundTrip> => {
  const client = new Client(url);
  try {
    const path = `/v1/kv/${encodeURIComponent(key)}`;
    const put = await client.request({ method: "PUT", path, body: value, headers: { "kv-ttl": "3600" } });
    await put.body.dump();
    const get = await client.request({ method: "GET", path });
    return { put: put.statusCode, get: get.statusCode, value: await get.body.text(), sameVersion: put.headers["etag"] === get.headers["etag"] };
  } finally {
    await client.close();
  }
};
