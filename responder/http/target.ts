// The request's target: its path as it was sent, the route it belongs to, and the bytes of the key in it.
import { maxKeyBytes, path } from "#contract/http";
import type { routes } from "#contract/metrics";

export type Route = (typeof routes)[number];

/** The path without query, undecoded: decoding would lose which bytes a key has. Also of the absolute form that proxies use. */
export const pathOf = (url: string): string => {
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const query = url.indexOf("?", start);
  return url.slice(start, query < 0 ? undefined : query);
};

export const keyPrefix = `${path.kv}/`;

export const routeOf = (target: string): Route => {
  if (target.startsWith(keyPrefix) || target === path.kv) return "kv";
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

/** Percent-decodes one path segment to bytes: any byte can be in a key, NUL, "/" and invalid UTF-8 included. */
export const decodeKey = (segment: string): KeyResult => {
  if (segment === "") return { problem: "the path has no key; use /v1/kv/{key}" };
  const bytes = Buffer.allocUnsafe(Math.min(segment.length, maxKeyBytes));
  let length = 0;
  for (let i = 0; i < segment.length; i++) {
    let byte = segment.charCodeAt(i);
    if (byte === 47) return { problem: "the key is one path segment; write / as %2F" };
    if (byte === 37) {
      const [high, low] = [hexValue(segment.charCodeAt(i + 1)), hexValue(segment.charCodeAt(i + 2))];
      if (high < 0 || low < 0) return { problem: "a % is not followed by two hex digits; write % as %25" };
      byte = high * 16 + low;
      i += 2;
    }
    // Node hands the target over as latin1, one character a byte
    if (byte > 255) return { problem: "the path is not made of bytes" };
    if (length === maxKeyBytes) return { problem: `the key has more than ${maxKeyBytes} bytes` };
    bytes[length++] = byte;
  }
  return { key: bytes.subarray(0, length) };
};
