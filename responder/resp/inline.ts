// Splits a line that a person typed into words, with the quoting rules of redis-cli.

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const endsWord = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0;
const quote = 0x22;
const apostrophe = 0x27;
const backslash = 0x5c;
const escapes = new Map(Object.entries({ n: "\n", r: "\r", t: "\t", b: "\b", a: "\u0007" }).map(([name, byte]) => [name.charCodeAt(0), byte.charCodeAt(0)]));

const hexPair = (line: Buffer, at: number): number => {
  const text = line.toString("latin1", at, at + 2);
  return /^[0-9a-f]{2}$/i.test(text) ? Number.parseInt(text, 16) : -1;
};

/** undefined: a quote is not closed, or something follows the closing quote without a space. */
export const splitLine = (line: Buffer): Buffer[] | undefined => {
  const words: Buffer[] = [];
  const end = line.length;
  let p = 0;
  for (;;) {
    while (p < end && isSpace(line[p] ?? 0)) p++;
    // a zero byte ends the line, as it does in C
    if (p >= end || line[p] === 0) return words;
    const word: number[] = [];
    let open = 0;
    for (;;) {
      const byte = p < end ? (line[p] ?? 0) : 0;
      const over = p >= end || byte === 0;
      if (open === 0) {
        if (over || endsWord(byte)) break;
        if (byte === quote || byte === apostrophe) open = byte;
        else word.push(byte);
        p++;
        continue;
      }
      if (over) return undefined;
      const next = p + 1 < end ? (line[p + 1] ?? 0) : 0;
      if (open === quote && byte === backslash && next === 0x78 && hexPair(line, p + 2) >= 0) {
        word.push(hexPair(line, p + 2));
        p += 4;
      } else if (open === quote && byte === backslash && p + 1 < end) {
        word.push(escapes.get(next) ?? next);
        p += 2;
      } else if (open === apostrophe && byte === backslash && next === apostrophe) {
        word.push(apostrophe);
        p += 2;
      } else if (byte === open) {
        if (next !== 0 && !isSpace(next)) return undefined;
        open = 0;
        p++;
        // a closing quote ends the word, even before the end of the line
        break;
      } else {
        word.push(byte);
        p++;
      }
    }
    words.push(Buffer.from(word));
  }
};
