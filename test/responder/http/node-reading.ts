// What node:http reads from bytes: the reference for the fast path's grammar.
import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { decodeKey, keyPrefix, pathOf } from "../../../responder/http/target.ts";

export interface NodeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly keepAlive: boolean;
  readonly body: string;
}

export interface NodeReading {
  /** Complete ones, in order. */
  readonly requests: readonly NodeRequest[];
  /** The parser's code for what it refused. */
  readonly error: string | undefined;
}

class Wire extends Duplex {
  override _read(): void {}
  override _write(_: Buffer, __: string, done: () => void): void {
    done();
  }
}

const seen = new WeakMap<object, { requests: NodeRequest[]; error: string | undefined }>();
const server = createServer({ maxHeaderSize: 8192, requireHostHeader: false }, (incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    const { method = "", url = "", headers } = incoming;
    seen.get(incoming.socket)?.requests.push({ method, url, headers, keepAlive: outgoing.shouldKeepAlive, body: Buffer.concat(chunks).toString("latin1") });
    outgoing.end();
  });
  incoming.on("error", () => {});
});
// more than its default, so that a long pipeline is not read in part
server.maxHeadersCount = 65;
server.on("clientError", (err: NodeJS.ErrnoException, socket) => {
  const reading = seen.get(socket);
  // not cut at once: what was read before still is to be handed out
  if (reading) reading.error ??= err.code ?? err.message;
});

/** As many turns as node takes to hand out what it has read: nothing here waits for anything outside. */
const turns = 6;

export const readByNode = async (bytes: string): Promise<NodeReading> => {
  const wire = new Wire();
  const reading: { requests: NodeRequest[]; error: string | undefined } = { requests: [], error: undefined };
  seen.set(wire, reading);
  wire.on("error", () => {});
  server.emit("connection", wire);
  wire.push(Buffer.from(bytes, "latin1"));
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
  wire.destroy();
  return reading;
};

/** A request as the store would meet it: HEAD reads as GET does. */
export const asOperation = ({ method, url, body }: NodeRequest): string => {
  const target = pathOf(url);
  const key = target.startsWith(keyPrefix) ? decodeKey(target.slice(keyPrefix.length)) : { problem: "another route" };
  if ("problem" in key) return `${method} ${target}`;
  return `${method === "HEAD" ? "GET" : method} ${key.key.toString("latin1")}${method === "PUT" ? `=${body}` : ""}`;
};
