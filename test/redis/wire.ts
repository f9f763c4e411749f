// Sends raw bytes and tells what came back, and whether the connection lives.
import { encode, open, type Connection } from "./connection.ts";
import { readReply, show } from "./reply.ts";
import type { Endpoint } from "./server.ts";

const marker = "end of the case";
const answered = Buffer.from(`$${marker.length}\r\n${marker}\r\n`);

export interface Outcome {
  readonly bytes: Buffer;
  readonly fate: "open" | "closed";
}

/** A round trip on another connection: the server has been through its event loop since, so it has read what was written before. */
const letRead = (other: Connection) => other.call("PING");

/** What the server makes of the pieces and of a good command behind them, which brings the password when one is asked for. */
export const outcome = async (endpoint: Endpoint, pieces: readonly string[], password?: string): Promise<Outcome> => {
  using stack = new DisposableStack();
  const connection = stack.use(await open(endpoint));
  const other = pieces.length > 1 ? stack.use(await open(endpoint)) : undefined;
  const last = Buffer.concat([...(password === undefined ? [] : [encode(["AUTH", password])]), encode(["ECHO", marker])]);
  for (const [i, piece] of pieces.entries()) {
    if (i > 0 && other) await letRead(other);
    const bytes = Buffer.from(piece, "latin1");
    connection.write(i === pieces.length - 1 ? Buffer.concat([bytes, last]) : bytes);
  }
  const bytes = await connection.bytesUntil((soFar) => soFar.length >= answered.length && soFar.subarray(-answered.length).equals(answered));
  return { bytes, fate: connection.closed ? "closed" : "open" };
};

/** In one printable line; HELLO's reply, which tells of the server, by its fields and protocol alone. */
export const printed = ({ bytes, fate }: Outcome): string => {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = readReply(bytes, at);
    if (!next) {
      parts.push(`unfinished ${show(bytes.subarray(at))}`);
      break;
    }
    const { reply, end } = next;
    const words = reply.items.map((item) => item.text);
    parts.push(words[0] === "server" ? `${reply.type} ${words.filter((_, i) => i % 2 === 0).join()} proto=${words[words.indexOf("proto") + 1]}` : show(reply.raw, 200));
    at = end;
  }
  return `${parts.length > 20 ? `${parts.length} replies, the last ` : ""}${parts.slice(-20).join(" ")}, ${fate}`;
};
