// Reads the heads that the fast path accepts, byte by byte, and no others: docs/http-fast-path.md has the grammar and its reasons.
import { maxKeyBytes, path, ttlHeader } from "#contract/http";
import type { HttpLimits } from "./limits.ts";

export type FastMethod = "GET" | "HEAD" | "PUT" | "DELETE";

/** Headers that mean something to an entry or to its connection: indexes into `Head.from` and `Head.to`. */
export const field = { host: 0, connection: 1, contentLength: 2, authorization: 3, ifMatch: 4, ifNoneMatch: 5, ttl: 6, contentType: 7, traceparent: 8 } as const;
const fieldCount = 9;

/** One accepted head, overwritten by the next: a request costs no object. Ranges are of the buffer that was read. */
export interface Head {
  method: FastMethod;
  /** The key's bytes: in the buffer that was read, or decoded in one of our own. */
  key: Buffer;
  keyFrom: number;
  keyTo: number;
  /** 0 when there is no body. */
  contentLength: number;
  /** The client asked for the connection to be closed. */
  close: boolean;
  /** First byte of each header's value; below 0: it was not sent. */
  readonly from: Int32Array;
  readonly to: Int32Array;
}

export type ParseHead = (bytes: Buffer, from: number, available: number, head: Head) => number;

/** The head is not complete, and nothing is wrong with it so far. */
export const more = 0;
/** Not a head of this grammar: for the general server to read. */
export const foreign = -1;

const latin1 = (text: string) => Buffer.from(text, "latin1");

const linePrefix = (method: FastMethod) => ({ method, bytes: latin1(`${method} ${path.kv}/`) });
/** By the first byte, which tells the four apart. */
const requestLines = (["GET", "HEAD", "PUT", "DELETE"] as const).map(linePrefix).reduce<(ReturnType<typeof linePrefix> | undefined)[]>((table, line) => {
  table[line.bytes[0] ?? 0] = line;
  return table;
}, Array.from({ length: 256 }));
const lineEnd = latin1(" HTTP/1.1\r\n");

const table = (characters: string): Uint8Array => {
  const bytes = new Uint8Array(256);
  for (const byte of latin1(characters)) bytes[byte] = 1;
  return bytes;
};
const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** A path segment of RFC 3986 without its escapes. */
const keyByte = table(`${alphanumeric}-._~!$&'()*+,;=:@`);
const nameByte = table(`${alphanumeric}-`);

const unknown = -1;
const refused = -2;
const ownPrefix = latin1("kv-");

/** Names that are ours to read, and names that change what a request is or how its connection goes on. By length, in lower case. */
const names: (readonly { readonly bytes: Buffer; readonly index: number }[] | undefined)[] = [];
const addName = (name: string, index: number) => (names[name.length] = [...(names[name.length] ?? []), { bytes: latin1(name), index }]);
addName("host", field.host);
addName("connection", field.connection);
addName("content-length", field.contentLength);
addName("authorization", field.authorization);
addName("if-match", field.ifMatch);
addName("if-none-match", field.ifNoneMatch);
addName(ttlHeader.toLowerCase(), field.ttl);
addName("content-type", field.contentType);
addName("traceparent", field.traceparent);
for (const name of ["transfer-encoding", "te", "trailer", "expect", "upgrade", "http2-settings", "keep-alive", "proxy-connection"]) addName(name, refused);

/** Whether the range is this text but for the case of its letters. `text` is in lower case and made of letters, digits and "-". */
const matches = (bytes: Buffer, from: number, to: number, text: Buffer): boolean => {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (((bytes[from + i] as number) | 0x20) !== text[i]) return false;
  return true;
};

const fieldOf = (bytes: Buffer, from: number, to: number): number => {
  for (const name of names[to - from] ?? []) if (matches(bytes, from, to, name.bytes)) return name.index;
  // a header of ours that this version does not know is not skipped: a later one may make it a condition
  return matches(bytes, from, Math.min(from + ownPrefix.length, to), ownPrefix) ? refused : unknown;
};

const hexValue = (byte: number): number => {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
};

/** Decodes the escapes of `bytes[from, to)` into `target`; returns the length, below 0 when an escape is none or the key is too long. */
const decodeEscapes = (bytes: Buffer, from: number, to: number, target: Buffer): number => {
  let length = 0;
  for (let p = from; p < to; p++) {
    let byte = bytes[p] as number;
    if (byte === 37) {
      if (p + 2 >= to) return -1;
      const high = hexValue(bytes[p + 1] as number);
      const low = hexValue(bytes[p + 2] as number);
      if (high < 0 || low < 0) return -1;
      byte = high * 16 + low;
      p += 2;
    }
    if (length === maxKeyBytes) return -1;
    target[length++] = byte;
  }
  return length;
};

/** Digits without a leading zero, at most nine; below 0 when it is anything else. */
const parseLength = (bytes: Buffer, from: number, to: number): number => {
  if (to - from > 9 || (bytes[from] === 48 && to - from > 1)) return -1;
  let value = 0;
  for (let p = from; p < to; p++) {
    const digit = (bytes[p] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
};

const keepAlive = latin1("keep-alive");
const close = latin1("close");

export const createHead = (): Head => ({
  method: "GET",
  key: Buffer.alloc(0),
  keyFrom: 0,
  keyTo: 0,
  contentLength: 0,
  close: false,
  from: new Int32Array(fieldCount),
  to: new Int32Array(fieldCount),
});

/** Returns the end of the head, `more` or `foreign`. `from` < `available`; nothing beyond `available` is looked at. */
export const createHeadParser = ({ headBytes, headers }: Pick<HttpLimits, "headBytes" | "headers">): ParseHead => {
  const decoded = Buffer.alloc(maxKeyBytes);
  return (bytes, start, available, head) => {
    const to = Math.min(available, start + headBytes);
    const short = available - start >= headBytes ? foreign : more;
    const line = requestLines[bytes[start] as number];
    if (!line) return foreign;
    let p = start + 1;
    for (let i = 1; i < line.bytes.length; i++, p++) {
      if (p === to) return short;
      if (bytes[p] !== line.bytes[i]) return foreign;
    }
    head.method = line.method;

    const keyFrom = p;
    let escaped = false;
    for (; p < to; p++) {
      if (keyByte[bytes[p] as number] === 1) continue;
      if (bytes[p] !== 37) break;
      escaped = true;
    }
    if (p === to) return short;
    if (p === keyFrom) return foreign;
    head.key = bytes;
    head.keyFrom = keyFrom;
    head.keyTo = p;
    if (escaped) {
      head.key = decoded;
      head.keyFrom = 0;
      head.keyTo = decodeEscapes(bytes, keyFrom, p, decoded);
      if (head.keyTo < 0) return foreign;
    } else if (p - keyFrom > maxKeyBytes) return foreign;
    for (let i = 0; i < lineEnd.length; i++, p++) {
      if (p === to) return short;
      if (bytes[p] !== lineEnd[i]) return foreign;
    }

    head.from.fill(-1);
    for (let count = 0; ; count++) {
      if (p === to) return short;
      if (bytes[p] === 13) break;
      if (count === headers) return foreign;
      const nameFrom = p;
      while (p < to && nameByte[bytes[p] as number] === 1) p++;
      if (p === to) return short;
      if (bytes[p] !== 58 || p === nameFrom) return foreign;
      const index = fieldOf(bytes, nameFrom, p);
      if (index === refused) return foreign;
      p++;
      while (p < to && bytes[p] === 32) p++;
      const valueFrom = p;
      // visible ASCII and spaces
      while (p < to && (bytes[p] as number) >= 32 && (bytes[p] as number) <= 126) p++;
      if (p === to) return short;
      if (bytes[p] !== 13) return foreign;
      let valueTo = p++;
      if (p === to) return short;
      if (bytes[p++] !== 10) return foreign;
      if (index === unknown) continue;
      while (valueTo > valueFrom && bytes[valueTo - 1] === 32) valueTo--;
      // one that is sent twice has two meanings, an empty one none
      if ((head.from[index] as number) >= 0 || valueTo === valueFrom) return foreign;
      head.from[index] = valueFrom;
      head.to[index] = valueTo;
    }
    p++;
    if (p === to) return short;
    if (bytes[p++] !== 10) return foreign;
    return agrees(bytes, head) ? p : foreign;
  };
};

/** Fills in what the headers say together; false: they are not for the fast path. */
const agrees = (bytes: Buffer, head: Head): boolean => {
  const { from, to } = head;
  if ((from[field.host] as number) < 0) return false;
  head.close = false;
  const connection = from[field.connection] as number;
  if (connection >= 0) {
    const end = to[field.connection] as number;
    head.close = matches(bytes, connection, end, close);
    if (!head.close && !matches(bytes, connection, end, keepAlive)) return false;
  }
  const length = from[field.contentLength] as number;
  head.contentLength = length < 0 ? 0 : parseLength(bytes, length, to[field.contentLength] as number);
  if (head.contentLength < 0) return false;
  return head.method === "PUT" ? length >= 0 : head.contentLength === 0;
};

const plainHost = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** A host and perhaps a port that mean the same to everybody who reads URLs. */
export const isPlainHost = (host: string): boolean => {
  if (!plainHost.test(host)) return false;
  const url = URL.parse(`http://${host}/`);
  return url !== null && url.hostname === host.replace(/:\d{1,5}$/, "").toLowerCase();
};
