// Reads replies of both protocol versions out of bytes, written from the protocol's specification and not from our own parser.

export interface Reply {
  /** The byte that names the type: + - : $ * and RESP3's _ # , ( ! = % ~ > */
  readonly type: string;
  /** Everything, header and elements included. */
  readonly raw: Buffer;
  /** The line after the type, or the bytes of a bulk, as latin1; undefined: null. */
  readonly text: string | undefined;
  /** Of arrays, sets, pushes and maps; a map's keys and values take turns. */
  readonly items: readonly Reply[];
}

const bulks = "$!=";
const aggregates = "*~>%";
const lines = "+-:_#,(";

/** The reply that starts at `at`, and where the next one would; undefined: there is more to come. Throws on what is no reply. */
export const readReply = (bytes: Buffer, at = 0): { reply: Reply; end: number } | undefined => {
  const lineEnd = bytes.indexOf("\r\n", at, "latin1");
  if (lineEnd < 0) return undefined;
  const type = String.fromCharCode(bytes[at] ?? 0);
  const line = bytes.toString("latin1", at + 1, lineEnd);
  const start = lineEnd + 2;
  const made = (end: number, text: string | undefined, items: Reply[] = []) => ({ reply: { type, raw: bytes.subarray(at, end), text, items }, end });

  if (lines.includes(type)) return made(start, type === "_" ? undefined : line);
  if (!bulks.includes(type) && !aggregates.includes(type)) throw new Error(`not a reply: ${show(bytes.subarray(at, at + 60))}`);
  const count = Number(line);
  if (!Number.isInteger(count) || count < -1) throw new Error(`not a length: ${show(bytes.subarray(at, lineEnd))}`);
  if (count === -1) return made(start, undefined);

  if (bulks.includes(type)) {
    const end = start + count + 2;
    if (bytes.length < end) return undefined;
    if (bytes.toString("latin1", end - 2, end) !== "\r\n") throw new Error(`a bulk of ${count} bytes that does not end with CRLF: ${show(bytes.subarray(at, at + 60))}`);
    return made(end, bytes.toString("latin1", start, end - 2));
  }
  const items: Reply[] = [];
  let end = start;
  for (let left = type === "%" ? 2 * count : count; left > 0; left--) {
    const next = readReply(bytes, end);
    if (next === undefined) return undefined;
    items.push(next.reply);
    end = next.end;
  }
  return made(end, "", items);
};

/** One printable line; long ones are cut in the middle. */
export const show = (bytes: Buffer | string, most = 300): string => {
  const text = JSON.stringify(typeof bytes === "string" ? bytes : bytes.toString("latin1"));
  return text.length <= most ? text : `${text.slice(0, most / 2)} … ${text.slice(-most / 4)} (${bytes.length} bytes)`;
};

export const isError = (reply: Reply): boolean => reply.type === "-" || reply.type === "!";
