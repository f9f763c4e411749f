// The body of one PUT as it arrives on the fast path, and what comes of it.
import type { Store } from "../store/types.ts";
import type { BodyBudget } from "./body.ts";
import type { WritePlan } from "./entry.ts";
import { errors } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { FastOutput } from "./fast-path-output.ts";
import type { FastPath } from "./fast-path.ts";

export interface ConnectionBody {
  /** undefined: the request has its answer, the rest of the body is thrown away. */
  readonly exchange: Exchange | undefined;
  /** The client asked for the connection to be closed. */
  readonly close: boolean;
  /** Bytes that have not come yet. */
  missing(): number;
  /** Takes bytes, never more than are missing; true when that was the last of them. */
  add(bytes: Buffer, from: number, to: number, close: boolean): boolean;
  /** It will not be completed. */
  drop(): void;
}

/** A body that comes byte by byte must not cost an object for each of them: the budget counts bytes only. */
const mostPieces = 64;

export interface ConnectionBodyDeps {
  readonly store: Store;
  readonly budget: BodyBudget;
  readonly path: FastPath;
  readonly output: FastOutput;
}

export const createConnectionBody = ({ store, budget, path, output }: ConnectionBodyDeps, key: Buffer, length: number, plan: WritePlan, begun: Exchange, close: boolean): ConnectionBody => {
  let exchange: Exchange | undefined = begun;
  let pieces: Buffer[] = [];
  let come = 0;
  let taken = 0;
  /** Off the heap, of the whole length: the store adopts it. */
  let whole: Buffer | undefined;

  const take = (bytes: number) => {
    if (!budget.take(bytes)) return false;
    taken += bytes;
    return true;
  };
  const settle = () => {
    budget.give(taken);
    taken = 0;
    pieces = [];
    exchange = undefined;
  };
  const drop = () => {
    if (whole) store.free(whole);
    whole = undefined;
    settle();
  };
  const put = (closing: boolean) => {
    if (!exchange) return;
    const value = whole ?? Buffer.concat(pieces, length);
    path.write(key, 0, key.length, value, 0, length, plan, exchange, closing);
    if (exchange.status === 201 || exchange.status === 204) whole = undefined;
    drop();
  };

  return {
    get exchange() {
      return exchange;
    },
    close,
    missing: () => length - come,
    add: (bytes, from, to, closing) => {
      const at = come;
      come += to - from;
      if (!exchange) return come === length;
      if (whole) bytes.copy(whole, at, from, to);
      else {
        // the declared length is believed only after this much has come: a head alone must not reserve megabytes
        const adopt = length > store.ownBufferBytes && come > store.ownBufferBytes;
        if (!take(adopt ? length - taken : to - from)) {
          exchange.status = errors.busy.status;
          output.problem("busy", undefined, true, closing);
          drop();
          return come === length;
        }
        pieces.push(bytes.subarray(from, to));
        if (pieces.length === mostPieces) pieces = [Buffer.concat(pieces)];
        if (adopt) {
          whole = store.allocate(length);
          let copied = 0;
          for (const piece of pieces) copied += piece.copy(whole, copied);
          pieces = [];
        }
      }
      if (come < length) return false;
      put(closing);
      return true;
    },
    drop,
  };
};
