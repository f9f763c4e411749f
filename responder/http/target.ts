// The request's target: its path and query as they were sent, the route it belongs to, and the bytes of the key in it.
import { maxKeyBytes, path } from "#contract/http";
import type { routes } from "#contract/metrics";

export type Route = (typeof routes)[number];

const pathStart = (url: string): number => (url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3));

/** The path without query, undecoded: decoding would lose which bytes a key has. Also of the absolute form that proxies use. */
export const pathOf = (url: string): string => {
  const start = pathStart(url);
  if (start < 0) return "/";
  const query = url.indexOf("?", start);
  return url.slice(start, query < 0 ? undefined : query);
};

export const keyPrefix = `${path.kv}/`;
/** A "/" in a key is written %2F, so this never is the end of one. */
export const incrSuffix = "/incr";

export const routeOf = (target: string): Route => {
  if (target.startsWith(keyPrefix)) {
    const slash = target.indexOf("/", keyPrefix.length);
    return slash >= 0 && target.slice(slash) === incrSuffix ? "incr" : "kv";
  }
  if (target === path.kv) return "keys";
  if (target === path.batch) return "batch";
  if (target === path.metrics) return "metrics";
  if (target === path.livez || target === path.readyz || target === path.info) return "health";
  return "other";
};

export type KeyResult = { readonly key: Buffer } | { readonly problem: string };

const hexValue = (code: number): number => {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
};

/** Percent-decodes to at most maxKeyBytes bytes. Returns what is wrong as text. */
const decodeBytes = (text: string, what: string, plusIsSpace: boolean): KeyResult => {
  const bytes = Buffer.allocUnsafe(Math.min(text.length, maxKeyBytes));
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let byte = text.charCodeAt(i);
    if (byte === 43 && plusIsSpace) byte = 32;
    else if (byte === 37) {
      const [high, low] = [hexValue(text.charCodeAt(i + 1)), hexValue(text.charCodeAt(i + 2))];
      if (high < 0 || low < 0) return { problem: "a % is not followed by two hex digits; write % as %25" };
      byte = high * 16 + low;
      i += 2;
    }
    // Node hands the target over as latin1, one character a byte
    if (byte > 255) return { problem: "the path is not made of bytes" };
    if (length === maxKeyBytes) return { problem: `the ${what} has more than ${maxKeyBytes} bytes` };
    bytes[length++] = byte;
  }
  return { key: bytes.subarray(0, length) };
};

/** One path segment: any byte can be in a key, NUL, "/" and invalid UTF-8 included. */
export const decodeKey = (segment: string): KeyResult => {
  if (segment === "") return { problem: "the path has no key; use /v1/kv/{key}" };
  if (segment.includes("/")) return { problem: "the key is one path segment; write / as %2F" };
  return decodeBytes(segment, "key", false);
};

/** Of a query, where "+" is a space, as every client library writes it; "+" itself is %2B. */
export const decodePrefix = (text: string): KeyResult => decodeBytes(text, "prefix", true);

/** The parameters of the query, undecoded; undefined when one is repeated or has no "=". */
export const parseQuery = (url: string): Readonly<Record<string, string>> | undefined => {
  const start = url.indexOf("?");
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  if (start < 0) return query;
  for (const part of url.slice(start + 1).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = part.slice(0, equals);
    if (equals < 0 || name in query) return undefined;
    query[name] = part.slice(equals + 1);
  }
  return query;
};
