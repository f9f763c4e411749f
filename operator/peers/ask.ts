// Asks one pod for /info. Whatever is at that address, the question costs a second and some kilobytes at most.
import { get } from "node:http";
import { path, port } from "#contract/http";
import { parseInfo } from "#contract/replication";
import type { Answer } from "../reconcile/peers.ts";

export interface AskOptions {
  /** Bound of the whole exchange. Default 1,000. */
  readonly timeoutMs?: number;
  /** Of the body. Default 16,384: an honest one has some hundred. */
  readonly maxBytes?: number;
  readonly port?: number;
}

/** A pod that began less than this ago may not have met its peers yet: DNS takes that long to tell of it. */
const newSeconds = 30;

const read = (text: string): Answer => {
  try {
    const { uptimeSeconds, replication } = parseInfo(text);
    if (!replication) return "silent";
    const { mode, connected, warmup, clockAhead } = replication;
    return { mode, connected, warmup, clockAhead, isNew: uptimeSeconds < newSeconds };
  } catch {
    return "unreachable";
  }
};

/** Never rejects. Follows no redirect. */
export const askPod = (address: string, signal: AbortSignal, { timeoutMs = 1_000, maxBytes = 16_384, port: at = port.metrics }: AskOptions = {}): Promise<Answer> =>
  new Promise((resolve) => {
    const bound = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    // a connection of its own: pods come and go, and between two questions lies a minute
    const request = get({ host: address, port: at, path: path.info, agent: false, maxHeaderSize: 8_192, signal: bound, headers: { accept: "application/json" } }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const refuse = (): void => {
        resolve("unreachable");
        request.destroy();
      };
      if (response.statusCode !== 200) return refuse();
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) return refuse();
        chunks.push(chunk);
      });
      response.on("end", () => resolve(read(Buffer.concat(chunks).toString("utf8"))));
      // cut in the middle
      response.on("error", () => resolve("unreachable"));
    });
    request.on("error", () => resolve("unreachable"));
  });
