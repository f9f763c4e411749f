// Reads a request's body: counted as it arrives, bounded per request and over all requests.
import type { IncomingMessage, ServerResponse } from "node:http";

export type Body = { readonly kind: "ok"; readonly bytes: Buffer } | { readonly kind: "too_large" } | { readonly kind: "busy" } | { readonly kind: "aborted" };

export interface BodyLimits {
  /** Of one body. */
  readonly maxBytes: number;
  /** Of all bodies that are arriving now: they are not part of maxMemory, so they need a bound of their own. */
  readonly budgetBytes: number;
}

export type ReadBody = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<Body>;

export const createBodyReader = ({ maxBytes, budgetBytes }: BodyLimits): ReadBody => {
  let pending = 0;
  return (incoming, outgoing) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const settle = (body: Body) => {
        pending -= length;
        length = 0;
        incoming.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
        resolve(body);
      };
      const onData = (chunk: Buffer) => {
        length += chunk.length;
        pending += chunk.length;
        if (length > maxBytes) return settle({ kind: "too_large" });
        if (pending > budgetBytes) return settle({ kind: "busy" });
        chunks.push(chunk);
      };
      const onEnd = () => settle({ kind: "ok", bytes: Buffer.concat(chunks, length) });
      const onClose = () => settle({ kind: "aborted" });

      if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) return resolve({ kind: "too_large" });
      // a client that asks first is told to go on only now, when its size is known to be fine
      if (incoming.headers.expect !== undefined) outgoing.writeContinue();
      incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
    });
};
