// node:http with every limit set, one exchange per request, and a drain that fails no request in flight.
import { getRequestListener } from "@hono/node-server";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import type { Timers } from "#lib/clock";
import type { App } from "./app.ts";
import { problem, problemBody, problemType, errors, type ErrorCode } from "./errors.ts";
import type { Exchange, Recorder } from "./exchange.ts";
import { pathOf } from "./target.ts";

export interface HttpLimits {
  readonly headBytes: number;
  readonly headers: number;
  readonly headMs: number;
  /** Head and body. */
  readonly requestMs: number;
  /** Without a byte in either direction while a request is under way: a reader that has gone to sleep. */
  readonly stalledMs: number;
  /** Longer than the idle time of common client pools, so that the client closes first. */
  readonly keepAliveMs: number;
  /** How often the two request limits are looked at. */
  readonly checkMs: number;
  readonly connections: number;
}

export const defaultLimits: HttpLimits = {
  headBytes: 8192,
  headers: 64,
  headMs: 5_000,
  requestMs: 10_000,
  stalledMs: 30_000,
  keepAliveMs: 75_000,
  checkMs: 1_000,
  connections: 10_000,
};

export interface ConnectionObserver {
  opened(): void;
  closed(): void;
  rejected(): void;
}

export interface HttpServer {
  listen(host: string | undefined, port: number): Promise<AddressInfo>;
  /**
   * Accepts nothing new, answers what is in flight with Connection: close, and lets idle clients hear it with their next request
   * for a quarter of the time (at most 2 s). After `ms` whatever is left is cut; resolves with the number of requests cut.
   */
  drain(ms: number): Promise<number>;
}

export interface HttpServerDeps {
  readonly app: App;
  readonly recorder: Recorder;
  readonly timers: Timers;
  readonly limits?: Partial<HttpLimits>;
  readonly connections?: ConnectionObserver;
}

const maxLingerMs = 2_000;

/** What the parser or a timer found wrong, before any route could answer. */
const protocolError = (code: string | undefined): ErrorCode => {
  if (code === "HPE_HEADER_OVERFLOW") return "headers_too_large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "request_timeout";
  return "bad_request";
};

const rawAnswer = (code: ErrorCode): string => {
  const body = problemBody(code);
  return `HTTP/1.1 ${errors[code].status} Error\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
};

export const createHttpServer = ({ app, recorder, timers, limits: given = {}, connections }: HttpServerDeps): HttpServer => {
  const limits = { ...defaultLimits, ...given };
  let draining = false;
  const inFlight = new Map<ServerResponse, Exchange>();
  /** For a timeout, which knows only the socket. */
  const bySocket = new WeakMap<Socket, ServerResponse>();
  const exchanges = new WeakMap<IncomingMessage, Exchange>();

  const listener = getRequestListener(
    (_request, env) => {
      const { incoming, outgoing } = env as { incoming: IncomingMessage; outgoing: ServerResponse };
      const exchange = exchanges.get(incoming);
      if (!exchange) throw new Error("a request without an exchange");
      // more would be dropped by Node without a word, and with them perhaps an If-Match
      if (incoming.rawHeaders.length > 2 * limits.headers) return problem("headers_too_large");
      if (incoming.httpVersion === "1.1" && incoming.headers.host === undefined) return problem("bad_request", { detail: "HTTP/1.1 needs a Host header" });
      return app.fetch(_request, { incoming, outgoing, exchange });
    },
    { hostname: "localhost", errorHandler: () => problem("bad_request") },
  );

  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const exchange = recorder.begin(incoming.method ?? "", pathOf(incoming.url ?? ""));
    exchanges.set(incoming, exchange);
    inFlight.set(outgoing, exchange);
    bySocket.set(incoming.socket, outgoing);
    if (draining) outgoing.shouldKeepAlive = false;
    outgoing.once("close", () => {
      inFlight.delete(outgoing);
      recorder.finish(exchange, outgoing.writableFinished ? outgoing.statusCode : 499);
    });
    void listener(incoming, outgoing);
  };

  const server = createServer({
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.keepAliveMs,
    // checked above, so that it is counted and answered like every other error
    requireHostHeader: false,
  });
  server.maxHeadersCount = limits.headers + 1;
  server.maxConnections = limits.connections;
  server.setTimeout(limits.stalledMs);
  server.on("request", onRequest);
  // the body reader says "100 Continue" once it knows that the body may come
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", onRequest);
  server.on("connection", (socket: Socket) => {
    connections?.opened();
    socket.once("close", () => connections?.closed());
  });
  server.on("drop", () => connections?.rejected());
  server.on("clientError", (err: NodeJS.ErrnoException, socket: Socket) => {
    const outgoing = bySocket.get(socket);
    const exchange = outgoing && inFlight.get(outgoing);
    const code = protocolError(err.code);
    const gone = !socket.writable || err.code === "ECONNRESET" || err.code === "HPE_INVALID_EOF_STATE";
    // a pool that opens connections ahead of need has asked nothing, so there is nothing to answer or count
    const silent = socket.bytesRead === 0;
    // half an answer is out already: another one would only confuse
    if (gone || silent || (exchange && outgoing.headersSent)) {
      socket.destroy();
      return;
    }
    // a request under way ends with its exchange; one whose head was never complete has none
    if (exchange) exchange.status = errors[code].status;
    else recorder.unreadable(errors[code].status);
    socket.end(rawAnswer(code), () => socket.destroy());
  });

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
          server.off("error", reject);
          resolve(server.address() as AddressInfo);
        });
      }),
    drain: (ms) =>
      new Promise((resolve) => {
        draining = true;
        let cut = 0;
        for (const outgoing of inFlight.keys()) outgoing.shouldKeepAlive = false;
        const cancels = [
          timers.after(Math.min(maxLingerMs, ms / 4), () => server.closeIdleConnections()),
          timers.after(ms, () => {
            cut = inFlight.size;
            server.closeAllConnections();
          }),
        ];
        server.once("close", () => {
          for (const cancel of cancels) cancel();
          // ends the checks of the request limits, which went on until here
          server.close();
          resolve(cut);
        });
        // http's own close would cut idle connections at once, and with them requests that are on the wire already
        NetServer.prototype.close.call(server);
      }),
  };
};
