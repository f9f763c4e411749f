// Reads a request's body: counted as it arrives, bounded per request and over all requests.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Store } from "../store/types.ts";

/** Of all bodies that are arriving now, whichever way they come: they are not part of maxMemory, so they need a bound of their own. */
export interface BodyBudget {
  /** False: there is no room, and nothing was taken. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export const createBodyBudget = (limitBytes: number): BodyBudget => {
  let taken = 0;
  return {
    take: (bytes) => {
      if (taken + bytes > limitBytes) return false;
      taken += bytes;
      return true;
    },
    give: (bytes) => void (taken -= bytes),
  };
};

export type Body =
  | {
      readonly kind: "ok";
      readonly bytes: Buffer;
      /** When the bytes were not put into the store. */
      free(): void;
    }
  | { readonly kind: "too_large" }
  | { readonly kind: "busy" }
  | { readonly kind: "aborted" };

export interface BodyReaderDeps {
  /** Of one body. */
  readonly maxBytes: number;
  readonly budget: BodyBudget;
  /** Makes the buffers of large bodies, which the store then adopts. Absent: bodies are never put as they are. */
  readonly store?: Pick<Store, "allocate" | "free" | "ownBufferBytes">;
}

export type ReadBody = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<Body>;

const nothing = (): void => {};

export const createBodyReader = ({ maxBytes, budget, store }: BodyReaderDeps): ReadBody => {
  return (incoming, outgoing) =>
    new Promise((resolve) => {
      const declared = Number(incoming.headers["content-length"] ?? Number.NaN);
      const chunks: Buffer[] = [];
      let length = 0;
      let taken = 0;
      /** Off the heap, of the whole declared length. */
      let whole: Buffer | undefined;

      const settle = (body: Body) => {
        budget.give(taken);
        incoming.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
        if (body.kind !== "ok" && whole) store?.free(whole);
        resolve(body);
      };
      const take = (bytes: number) => {
        if (!budget.take(bytes)) return false;
        taken += bytes;
        return true;
      };
      const onData = (chunk: Buffer) => {
        const at = length;
        length += chunk.length;
        if (length > maxBytes) return settle({ kind: "too_large" });
        if (whole) return void chunk.copy(whole, at);
        // a declared length is believed only after this much has come: a head alone must not reserve megabytes
        const adopt = store && declared > store.ownBufferBytes && length > store.ownBufferBytes;
        if (!take(adopt ? declared - taken : chunk.length)) return settle({ kind: "busy" });
        chunks.push(chunk);
        if (adopt) gather(declared);
      };
      /** What came so far goes into one buffer that the store can adopt. */
      const gather = (bytes: number) => {
        whole = store?.allocate(bytes);
        let at = 0;
        for (const chunk of chunks) at += whole ? chunk.copy(whole, at) : 0;
        chunks.length = 0;
      };
      const onEnd = () => {
        if (store && !whole && length > store.ownBufferBytes) gather(length);
        if (!whole) return settle({ kind: "ok", bytes: Buffer.concat(chunks, length), free: nothing });
        const bytes = whole;
        settle({ kind: "ok", bytes, free: () => store?.free(bytes) });
      };
      const onClose = () => settle({ kind: "aborted" });

      if (declared > maxBytes) return resolve({ kind: "too_large" });
      // a client that asks first is told to go on only now, when its size is known to be fine
      if (incoming.headers.expect !== undefined) outgoing.writeContinue();
      incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
    });
};
