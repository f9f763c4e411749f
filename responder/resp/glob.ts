// Patterns of KEYS and SCAN: * ? [a-z] [^a] and \ to escape, over bytes.

const star = 0x2a;
const mark = 0x3f;
const open = 0x5b;
const close = 0x5d;
const caret = 0x5e;
const dash = 0x2d;
const backslash = 0x5c;

/** Matches one byte with the class at `from`; returns the position after it, or -1. */
const matchClass = (pattern: Buffer, from: number, byte: number): number => {
  const end = pattern.length;
  let p = from + 1;
  const not = pattern[p] === caret;
  if (not) p++;
  let found = false;
  // a class that is not closed ends with the pattern
  while (p < end) {
    if (pattern[p] === backslash && p + 1 < end) {
      p++;
      if (pattern[p] === byte) found = true;
    } else if (pattern[p] === close) {
      p++;
      break;
    } else if (p + 2 < end && pattern[p + 1] === dash) {
      const a = pattern[p] as number;
      const b = pattern[p + 2] as number;
      p += 2;
      if (byte >= Math.min(a, b) && byte <= Math.max(a, b)) found = true;
    } else if (pattern[p] === byte) {
      found = true;
    }
    p++;
  }
  return found === not ? -1 : p;
};

/** Only the last star is ever tried again, so the time is at most pattern x text, whatever the pattern. */
export const matchesGlob = (pattern: Buffer, text: Buffer, from: number, to: number): boolean => {
  const end = pattern.length;
  let p = 0;
  let t = from;
  let starAt = -1;
  let textAtStar = 0;
  while (t < to) {
    const byte = text[t] as number;
    const symbol = p < end ? (pattern[p] as number) : -1;
    let next = -1;
    if (symbol === star) {
      starAt = p++;
      textAtStar = t;
      continue;
    }
    if (symbol === mark) next = p + 1;
    else if (symbol === open) next = matchClass(pattern, p, byte);
    else if (symbol === backslash && p + 1 < end) next = pattern[p + 1] === byte ? p + 2 : -1;
    else if (symbol === byte) next = p + 1;
    if (next >= 0) {
      p = next;
      t++;
      continue;
    }
    if (starAt < 0) return false;
    p = starAt + 1;
    t = ++textAtStar;
  }
  while (p < end && pattern[p] === star) p++;
  return p === end;
};

/** Everything matches: no text needs to be looked at. */
export const matchesAll = (pattern: Buffer): boolean => pattern.length === 1 && pattern[0] === star;
