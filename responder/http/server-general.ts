// node:http and hono on sockets that are given to it: every limit set, one exchange for each request, answered in order.
import { getRequestListener } from "@hono/node-server";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { path } from "#contract/http";
import type { OutputBudget } from "#lib/output-budget";
import type { Auth } from "../auth/auth.ts";
import type { App } from "./app.ts";
import { authorize, createConnectionAuth, type ConnectionAuth } from "./connection-auth.ts";
import type { Closer } from "./connection-close.ts";
import type { ConnectionObserver } from "./connection-observer.ts";
import { errors, problem, type ErrorCode } from "./errors.ts";
import type { Exchange, Recorder } from "./exchange.ts";
import type { HttpLimits } from "./limits.ts";
import { pathOf } from "./target.ts";

export interface GeneralServer {
  /** Accepts, but does not serve: a "connection" is for the owner to give to `serve`. */
  readonly server: Server;
  /** Reads HTTP from the socket from here on. `auth`: what is known of its client already. */
  serve(socket: Socket, auth?: ConnectionAuth): void;
  /** From now on connections end with their next answer. */
  lastAnswers(): void;
  /** Ends those that wait for no answer, now and from now on. */
  closeIdle(): void;
  inFlight(): number;
}

export interface GeneralServerDeps {
  readonly app: App;
  readonly recorder: Recorder;
  readonly limits: HttpLimits;
  readonly auth: Auth;
  readonly observer: ConnectionObserver;
  readonly closer: Closer;
  readonly outputs: OutputBudget;
}

/** What the parser or a timer found wrong, before any route could answer. */
const protocolError = (code: string | undefined): ErrorCode => {
  if (code === "HPE_HEADER_OVERFLOW") return "headers_too_large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "request_timeout";
  return "bad_request";
};

export const createGeneralServer = ({ app, recorder, limits, auth, observer, closer, outputs }: GeneralServerDeps): GeneralServer => {
  let draining = false;
  let ending = false;
  const inFlight = new Map<ServerResponse, Exchange>();
  /** Its last request. */
  const sockets = new Map<Socket, ServerResponse | undefined>();
  const clients = new WeakMap<Socket, ConnectionAuth>();
  const exchanges = new WeakMap<IncomingMessage, Exchange>();

  const closeSlow = (socket: Socket) => {
    observer.slowReaderClosed();
    socket.destroy();
  };

  /** The answer to a request that may not come in; undefined when it may. */
  const unauthorized = ({ socket, headers, url = "" }: IncomingMessage): Response | undefined => {
    if (!auth.required || pathOf(url) === path.metrics) return undefined;
    const client = clients.get(socket) ?? createConnectionAuth(socket.remoteAddress ?? "");
    clients.set(socket, client);
    const value = Buffer.from(headers.authorization ?? "", "latin1");
    const verdict = client.refused ?? authorize(auth, client, value, 0, value.length);
    client.refused = undefined;
    if (verdict === "ok") return undefined;
    observer.authFailed(verdict);
    if (verdict === "throttled") return problem("too_many_failures", { headers: { "retry-after": "1" } });
    return problem("unauthorized", { headers: { "www-authenticate": "Bearer" } });
  };

  const listener = getRequestListener(
    (request, env) => {
      const { incoming, outgoing } = env as { incoming: IncomingMessage; outgoing: ServerResponse };
      const exchange = exchanges.get(incoming);
      if (!exchange) throw new Error("a request without an exchange");
      // more would be dropped by Node without a word, and with them perhaps an If-Match
      if (incoming.rawHeaders.length > 2 * limits.headers) return problem("headers_too_large");
      if (incoming.httpVersion === "1.1" && incoming.headers.host === undefined) return problem("bad_request", { detail: "HTTP/1.1 needs a Host header" });
      return unauthorized(incoming) ?? app.fetch(request, { incoming, outgoing, exchange });
    },
    { hostname: "localhost", errorHandler: () => problem("bad_request") },
  );

  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    const { traceparent } = incoming.headers;
    const exchange = recorder.begin(incoming.method ?? "", pathOf(incoming.url ?? ""), typeof traceparent === "string" ? traceparent : undefined);
    exchanges.set(incoming, exchange);
    inFlight.set(outgoing, exchange);
    outgoing.once("close", () => {
      inFlight.delete(outgoing);
      recorder.finish(exchange, outgoing.writableFinished ? outgoing.statusCode : 499);
      // its head may have promised to keep the connection
      if (ending && sockets.get(socket) === outgoing) closer.close(socket);
    });
    // all of the answer is written, and some of it waits for the client
    outgoing.once("prefinish", () => {
      if (socket.writableLength > 0) outgoing.once("close", outputs.wait(socket.writableLength, () => closeSlow(socket)));
    });
    const before = sockets.get(socket);
    sockets.set(socket, outgoing);
    // it was to be the last, and now is not
    if (before && draining && !before.headersSent) before.shouldKeepAlive = true;
    const answer = () => {
      if (draining) endAfterLast(outgoing);
      if (!outgoing.destroyed) void listener(incoming, outgoing);
    };
    // requests that are sent without waiting take effect in their order, as they do on the fast path
    if (before && inFlight.has(before)) before.once("close", answer);
    // not before all that came with it is known
    else if (draining) setImmediate(answer);
    else answer();
  };
  /** In a drain the last request that has arrived gets the last answer: those that came with it are not turned away. */
  const endAfterLast = (outgoing: ServerResponse) => {
    if (sockets.get(outgoing.req.socket) === outgoing) outgoing.shouldKeepAlive = false;
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
  server.on("timeout", (socket: Socket) => {
    const outgoing = sockets.get(socket);
    if (!outgoing || !inFlight.has(outgoing)) return closer.close(socket);
    if (socket.writableLength > 0) closeSlow(socket);
    else socket.destroy();
  });
  server.on("clientError", (err: NodeJS.ErrnoException, socket: Socket) => {
    // what follows a last request is nobody's: its answer is on the way, and then the connection's end
    if (closer.isClosing(socket) || err.code === "HPE_CLOSED_CONNECTION") return;
    const code = protocolError(err.code);
    const gone = !socket.writable || err.code === "ECONNRESET" || err.code === "HPE_INVALID_EOF_STATE";
    // a pool that opens connections ahead of need has asked nothing, so there is nothing to answer or count
    const silent = socket.bytesRead === 0;
    if (gone || silent) return void socket.destroy();
    if (code !== "request_timeout") observer.protocolError();
    const underWay = [...inFlight.keys()].filter((outgoing) => outgoing.req.socket === socket);
    const broken = underWay.find((outgoing) => !outgoing.req.complete);
    const refuse = () => {
      // half an answer is out already: another one would only confuse
      if (broken?.headersSent) return void socket.destroy();
      const exchange = broken && inFlight.get(broken);
      // a request under way ends with its exchange; one whose head was never complete has none
      if (exchange) exchange.status = errors[code].status;
      else recorder.unreadable(errors[code].status);
      closer.close(socket, code);
    };
    // those before it were fine, and have their answers first
    const before = underWay.findLast((outgoing) => outgoing.req.complete);
    if (before) before.once("close", refuse);
    else refuse();
  });

  // how node:http begins to read from a socket: as a listener of its own, so that connections can be given to it
  const [begin] = server.listeners("connection");
  if (!begin) throw new Error("node:http does not listen for connections as it is documented to");
  server.removeAllListeners("connection");

  return {
    server,
    serve: (socket, known) => {
      sockets.set(socket, undefined);
      if (known) clients.set(socket, known);
      socket.once("close", () => sockets.delete(socket));
      // what node:http calls after a last answer; its own would reset connections whose client has sent more
      socket.destroySoon = () => closer.close(socket);
      begin.call(server, socket);
    },
    lastAnswers: () => {
      draining = true;
      for (const outgoing of inFlight.keys()) endAfterLast(outgoing);
    },
    closeIdle: () => {
      ending = true;
      for (const [socket, outgoing] of sockets) if (!outgoing || !inFlight.has(outgoing)) closer.close(socket);
    },
    inFlight: () => inFlight.size,
  };
};
