// Writes the fast path's answers as bytes into one buffer that is used again and again: the same headers as the general server gives.
import { STATUS_CODES } from "node:http";
import { ttlHeader } from "#contract/http";
import type { Slot, Store } from "../store/types.ts";
import { defaultContentType, ttlLeft } from "./entry.ts";
import { errors, problemBody, problemType, type ErrorCode } from "./errors.ts";
import type { HttpLimits } from "./limits.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const statusLine = (status: number) => `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;

const etagOpens = "etag: \"";
// a tenant's bytes must never run as a script because a browser guessed their type
const hit = latin1(`${statusLine(200)}x-content-type-options: nosniff\r\n${etagOpens}`);
const notModified = latin1(`${statusLine(304)}x-content-type-options: nosniff\r\n${etagOpens}`);
const created = latin1(`${statusLine(201)}content-length: 0\r\n${etagOpens}`);
const replaced = latin1(`${statusLine(204)}${etagOpens}`);
const deleted = latin1(statusLine(204));
const ttlOpens = latin1(`${ttlHeader}: `);
const typeOpens = latin1("content-type: ");
const plainType = latin1(`content-type: ${defaultContentType}\r\ncontent-length: `);
const lengthOpens = latin1("content-length: ");
const retryAfter = "retry-after: 1\r\n";

/** Misses are as common as hits: their body is made once. */
const bodies = new Map<ErrorCode, string>();
const bodyOf = (code: ErrorCode, detail: string | undefined): string => {
  if (detail !== undefined) return problemBody(code, detail);
  const body = bodies.get(code) ?? problemBody(code);
  bodies.set(code, body);
  return body;
};

/** Of an answer without its value: every header, a content type of 255 bytes included. */
const headRoom = 1024;

export interface FastOutput {
  /** Bytes written and not yet taken. */
  readonly length: number;
  /** Whether an answer with a value of this many bytes fits. */
  fits(valueBytes: number): boolean;
  /** The answer to GET (`withValue`) and HEAD; without the value the caller sends it after the head. */
  entry(slot: Slot, withValue: boolean, close: boolean): void;
  notModified(slot: Slot, close: boolean): void;
  created(slot: Slot, close: boolean): void;
  replaced(slot: Slot, close: boolean): void;
  deleted(close: boolean): void;
  problem(code: ErrorCode, detail: string | undefined, withBody: boolean, close: boolean): void;
  /** What is to be sent now. The bytes are the socket's until it has sent them all: if that is not at once, call `renew`. */
  take(): Buffer;
  renew(): void;
  /** Takes back what was written since it had this length. */
  cut(length: number): void;
}

export interface FastOutputDeps {
  readonly store: Store;
  readonly limits: Pick<HttpLimits, "keepAliveMs">;
  /** Milliseconds since the epoch, as of the turn. */
  readonly now: () => number;
}

export const createFastOutput = ({ store, limits, now }: FastOutputDeps): FastOutput => {
  const size = 2 * (store.ownBufferBytes + headRoom);
  let bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  let second = -1;
  let keepTail = Buffer.alloc(0);
  let closeTail = Buffer.alloc(0);

  const add = (piece: Buffer) => {
    bytes.set(piece, at);
    at += piece.length;
  };
  const addText = (text: string) => (at += bytes.write(text, at, "latin1"));
  const addNumber = (n: number) => {
    let digits = 1;
    for (let bound = 10; n >= bound; bound *= 10) digits++;
    at += digits;
    for (let p = at - 1, rest = n; digits > 0; digits--, p--) {
      const next = Math.floor(rest / 10);
      bytes[p] = 48 + rest - next * 10;
      rest = next;
    }
  };
  const lineEnd = () => {
    bytes[at++] = 13;
    bytes[at++] = 10;
  };
  /** The last headers, the same for every answer of one second. */
  const tail = (close: boolean) => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      const date = `Date: ${new Date(now()).toUTCString()}\r\n`;
      keepTail = latin1(`${date}Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(limits.keepAliveMs / 1000)}\r\n\r\n`);
      closeTail = latin1(`${date}Connection: close\r\n\r\n`);
    }
    add(close ? closeTail : keepTail);
  };
  /** `opening` ends inside the ETag's quotes. */
  const etag = (opening: Buffer, slot: Slot) => {
    add(opening);
    at = store.writeVersion(slot, bytes, at);
    bytes[at++] = 34;
    lineEnd();
  };
  const ttl = (slot: Slot) => {
    const expiresAt = store.expiresAt(slot);
    if (expiresAt === 0) return;
    add(ttlOpens);
    addNumber(ttlLeft(expiresAt, store.now()));
    lineEnd();
  };

  return {
    get length() {
      return at;
    },
    fits: (valueBytes) => at + headRoom + valueBytes <= size,
    entry: (slot, withValue, close) => {
      etag(hit, slot);
      ttl(slot);
      const type = store.contentType(slot);
      if (type === undefined) add(plainType);
      else {
        add(typeOpens);
        addText(type);
        lineEnd();
        add(lengthOpens);
      }
      addNumber(store.valueBytes(slot));
      lineEnd();
      tail(close);
      if (withValue) at = store.copyValue(slot, bytes, at);
    },
    notModified: (slot, close) => {
      etag(notModified, slot);
      ttl(slot);
      tail(close);
    },
    created: (slot, close) => {
      etag(created, slot);
      tail(close);
    },
    replaced: (slot, close) => {
      etag(replaced, slot);
      tail(close);
    },
    deleted: (close) => {
      add(deleted);
      tail(close);
    },
    problem: (code, detail, withBody, close) => {
      const body = bodyOf(code, detail);
      const retry = code === "busy" ? retryAfter : "";
      // HEAD says no length, because the general server does not
      addText(`${statusLine(errors[code].status)}content-type: ${problemType}\r\n${retry}${withBody ? `Content-Length: ${body.length}\r\n` : ""}`);
      tail(close);
      if (withBody) addText(body);
    },
    take: () => {
      const taken = bytes.subarray(0, at);
      at = 0;
      return taken;
    },
    cut: (length) => void (at = length),
    renew: () => void (bytes = Buffer.allocUnsafeSlow(size)),
  };
};
