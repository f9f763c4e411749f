// One client's connection on the fast path: bytes in, answers out in their order, until it ends or leaves for the general server.
import type { Socket } from "node:net";
import type { TurnClock } from "#lib/turn-clock";
import type { OutputBudget } from "#lib/output-budget";
import type { Auth } from "../auth/auth.ts";
import type { BorrowedValue, Store } from "../store/types.ts";
import type { BodyBudget } from "./body.ts";
import { authorize, createConnectionAuth, type ConnectionAuth } from "./connection-auth.ts";
import { createConnectionBody, type ConnectionBody } from "./connection-body.ts";
import type { EntryRules, WritePlan } from "./entry.ts";
import type { Exchange, Recorder } from "./exchange.ts";
import type { FastOutput } from "./fast-path-output.ts";
import type { FastPath } from "./fast-path.ts";
import { field, foreign, isPlainHost, more, type Head, type ParseHead } from "./grammar.ts";
import type { HttpLimits } from "./limits.ts";

/** What the connections of one server share. */
export interface FastServer {
  readonly limits: HttpLimits;
  readonly recorder: Recorder;
  readonly turn: TurnClock;
  readonly auth: Auth;
  readonly store: Store;
  readonly rules: EntryRules;
  readonly budget: BodyBudget;
  readonly parse: ParseHead;
  readonly head: Head;
  readonly output: FastOutput;
  readonly outputs: OutputBudget;
  readonly path: FastPath;
  /** Connections end with the next answer. */
  draining(): boolean;
  /** No connection is kept idle any more. */
  ending(): boolean;
  /** The socket has no listener of ours any more; `rest` is what it has read and nobody has answered. */
  handOver(connection: FastConnection, rest: Buffer): void;
  /** Ends it politely. */
  close(connection: FastConnection, lastWords?: "request_timeout"): void;
  slowReader(connection: FastConnection): void;
  closed(connection: FastConnection): void;
}

/**
 * silent: nothing has arrived yet. idle: between two requests. head, body: in the middle of one. busy: it has had its turn.
 * waiting: for the client to read. closing: ended, or no longer ours.
 */
type Phase = "silent" | "idle" | "head" | "body" | "busy" | "waiting" | "closing";

const nothing = Buffer.alloc(0);

// a class, because ten thousand connections share its methods
export class FastConnection {
  readonly socket: Socket;
  readonly auth: ConnectionAuth;
  phase: Phase = "silent";
  /** When the phase began, in milliseconds of the turn's clock; for a body, when its head did. */
  since: number;
  readonly #server: FastServer;
  /** Bytes that were read and not answered. */
  #rest: Buffer | undefined;
  #body: ConnectionBody | undefined;
  /** The last answer has been written. */
  #last = false;
  /** The client has ended its side. */
  #ended = false;
  #lent: BorrowedValue | undefined;
  /** Answered in this turn, and not yet sent. */
  readonly #answered: Exchange[] = [];
  #acceptedHost = nothing;
  /** Tells the budget that nothing waits any more. */
  #sent = (): void => {};

  constructor(socket: Socket, server: FastServer) {
    this.socket = socket;
    this.#server = server;
    this.auth = createConnectionAuth(socket.remoteAddress ?? "");
    this.since = server.turn.tick();
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
  }

  /** Requests begun and not yet answered to the last byte. */
  inFlight(): number {
    return this.#answered.length + (this.#body ? 1 : 0);
  }

  /** The request under way took too long, or none came. */
  expire(): void {
    if (this.phase === "silent") return void this.socket.destroy();
    if (this.phase === "idle") return this.end();
    if (this.phase === "head") this.#server.recorder.unreadable(408);
    const answered = this.phase === "body" && this.#body?.exchange === undefined;
    const exchange = this.#body?.exchange;
    this.#dropBody();
    if (exchange) this.#server.recorder.finish(exchange, 408);
    this.phase = "closing";
    this.#server.close(this, answered ? undefined : "request_timeout");
  }

  /** Nobody asks anything: ends it. */
  end(): void {
    this.phase = "closing";
    this.#server.close(this);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#server.turn.tick();
    const rest = this.#rest;
    this.#rest = undefined;
    this.#work(rest ? Buffer.concat([rest, chunk]) : chunk);
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    if (this.phase === "busy" || this.phase === "waiting") return;
    // half a request is none; everything before it has been answered
    if (this.phase === "head" || this.phase === "body") this.socket.destroy();
    else this.end();
  };

  readonly #onError = (): void => {};

  readonly #onClose = (): void => {
    const { recorder } = this.#server;
    this.phase = "closing";
    this.#sent();
    const exchange = this.#body?.exchange;
    this.#dropBody();
    if (exchange) recorder.finish(exchange, 499);
    for (const each of this.#answered) {
      each.status = 499;
      recorder.finish(each, 499);
    }
    this.#answered.length = 0;
    this.#release();
    this.#server.closed(this);
  };

  #work(bytes: Buffer): void {
    const { limits, parse, head, output, store } = this.#server;
    const startedAt = this.#server.turn.monotonic();
    let p = 0;
    /** Whether what is under way now was so before. */
    let continues = this.phase === "head" || this.phase === "body";
    for (let requests = 0; ; requests++) {
      if (this.#body) {
        p = this.#fill(this.#body, bytes, p);
        continues &&= this.#body !== undefined;
      }
      if (p === bytes.length || this.#last) break;
      if (requests === limits.requestsPerTurn) return this.#yield(bytes.subarray(p));
      const end = parse(bytes, p, bytes.length, head);
      if (end === more) break;
      const plan = end === foreign ? undefined : this.#admit(bytes, head);
      if (plan === undefined) {
        // what was answered before must be out, so that nothing of ours happens to the socket later
        if (this.#flush()) return this.#leave(bytes.subarray(p));
        return this.#wait(bytes.subarray(p));
      }
      p = this.#request(bytes, end, plan, startedAt);
      continues &&= this.#body !== undefined;
      if ((this.#lent || !output.fits(store.ownBufferBytes)) && !this.#flush()) return this.#wait(bytes.subarray(p));
    }
    if (!this.#flush()) return this.#wait(bytes.subarray(p));
    if (this.#last) return this.end();
    this.#settle(p < bytes.length ? bytes.subarray(p) : undefined, continues);
  }

  /** Everything that could be answered is; goes on when more arrives. */
  #settle(rest: Buffer | undefined, continues: boolean): void {
    const paused = this.phase === "busy" || this.phase === "waiting";
    // a copy: a few bytes of a head must not keep the whole chunk alive that they came in
    this.#rest = rest && Buffer.from(rest);
    this.phase = this.#body ? "body" : rest ? "head" : "idle";
    // a request's time runs from the first byte of its head
    if (!continues) this.since = this.#server.turn.now();
    if (this.#ended) this.#onEnd();
    else if (this.phase === "idle" && this.#server.ending()) this.end();
    else if (paused) this.socket.resume();
  }

  /** Whether the request is for the fast path; undefined: it is not. */
  #admit(bytes: Buffer, head: Head): WritePlan | undefined {
    const { auth, path, rules } = this.#server;
    if (head.contentLength > rules.maxValueBytes || !this.#knowsHost(bytes, head)) return undefined;
    const plan = path.plan(bytes, head);
    if (plan === undefined || !auth.required) return plan;
    if (this.auth.refused) return undefined;
    const from = head.from[field.authorization] as number;
    const verdict = authorize(auth, this.auth, bytes, Math.max(from, 0), from < 0 ? 0 : (head.to[field.authorization] as number));
    if (verdict === "ok") return plan;
    this.auth.refused = verdict;
    return undefined;
  }

  #knowsHost(bytes: Buffer, head: Head): boolean {
    const from = head.from[field.host] as number;
    const to = head.to[field.host] as number;
    const known = this.#acceptedHost;
    let p = from;
    if (known.length === to - from) while (p < to && bytes[p] === known[p - from]) p++;
    if (p === to) return true;
    if (!isPlainHost(bytes.toString("latin1", from, to))) return false;
    this.#acceptedHost = Buffer.from(bytes.subarray(from, to));
    return true;
  }

  /** Answers the request whose head ends at `p`, or begins to read its body; returns where the next one starts. */
  #request(bytes: Buffer, p: number, plan: WritePlan, startedAt: number): number {
    const { head, path, recorder } = this.#server;
    const traceFrom = head.from[field.traceparent] as number;
    const traceparent = traceFrom < 0 ? undefined : bytes.toString("latin1", traceFrom, head.to[field.traceparent]);
    const exchange = recorder.beginAt(head.method, "kv", startedAt, traceparent);
    exchange.noteKey(head.key, head.keyFrom, head.keyTo);
    const end = p + head.contentLength;
    const close = head.close || this.#isLastOfDrain(bytes, end);
    this.#last = close;
    if (head.method !== "PUT") {
      this.#answered.push(exchange);
      this.#lent = path.answer(head, plan, exchange, close);
      return p;
    }
    if (end <= bytes.length && head.contentLength <= this.#server.store.ownBufferBytes) {
      this.#answered.push(exchange);
      path.write(head.key, head.keyFrom, head.keyTo, bytes, p, end, plan, exchange, close);
      return end;
    }
    this.#last = false;
    exchange.operation = "put";
    this.#body = createConnectionBody(this.#server, Buffer.from(head.key.subarray(head.keyFrom, head.keyTo)), head.contentLength, plan, exchange, head.close);
    return p;
  }

  /** Gives the body what has come of it; returns where the rest begins. */
  #fill(body: ConnectionBody, bytes: Buffer, from: number): number {
    const to = Math.min(bytes.length, from + body.missing());
    const close = body.close || this.#isLastOfDrain(bytes, to);
    const { exchange } = body;
    const done = body.add(bytes, from, to, close);
    if (exchange && body.exchange === undefined) {
      this.#answered.push(exchange);
      this.#last = close;
    }
    if (done) this.#body = undefined;
    return to;
  }

  /** In a drain the last request that has arrived gets the last answer: those that came with it are not turned away. */
  #isLastOfDrain(bytes: Buffer, end: number): boolean {
    return end >= bytes.length && this.#server.draining();
  }

  #dropBody(): void {
    this.#body?.drop();
    this.#body = undefined;
  }

  /** Writes what was answered. False: the client does not take it all now. */
  #flush(): boolean {
    const { output, recorder } = this.#server;
    if (output.length === 0) return true;
    const { socket } = this;
    const lent = this.#lent;
    if (lent) {
      socket.cork();
      socket.write(output.take());
      socket.write(lent.bytes);
      socket.uncork();
    } else socket.write(output.take());
    // the kernel has it all, or the bytes stay the socket's
    if (socket.writableLength > 0) {
      output.renew();
      return false;
    }
    this.#release();
    const endedAt = recorder.now();
    for (const exchange of this.#answered) recorder.finish(exchange, exchange.status ?? 500, endedAt);
    this.#answered.length = 0;
    return true;
  }

  #release(): void {
    this.#lent?.release();
    this.#lent = undefined;
  }

  /** Reads nothing more until the client has read what is there for it. */
  #wait(rest: Buffer): void {
    const { socket } = this;
    this.#pause("waiting", rest);
    // counts from the last byte that left, not from now
    socket.setTimeout(this.#server.limits.stalledMs, () => this.#server.slowReader(this));
    this.#sent = this.#server.outputs.wait(socket.writableLength, () => this.#server.slowReader(this));
    socket.write(nothing, this.#onSent);
  }

  readonly #onSent = (err?: Error | null): void => {
    const { recorder } = this.#server;
    if (err || this.phase !== "waiting") return;
    this.#sent();
    this.socket.setTimeout(0);
    this.socket.removeAllListeners("timeout");
    this.#release();
    for (const exchange of this.#answered) recorder.finish(exchange, exchange.status ?? 500);
    this.#answered.length = 0;
    this.#resume();
  };

  /** Lets the other connections have their turn. */
  #yield(rest: Buffer): void {
    if (!this.#flush()) return this.#wait(rest);
    this.#pause("busy", rest);
    setImmediate(() => {
      if (this.phase === "busy") this.#resume();
    });
  }

  #pause(phase: "busy" | "waiting", rest: Buffer): void {
    this.phase = phase;
    this.#rest = rest;
    this.socket.pause();
  }

  #resume(): void {
    const rest = this.#rest ?? nothing;
    this.#rest = undefined;
    this.#server.turn.tick();
    this.#work(rest);
  }

  #leave(rest: Buffer): void {
    const { socket } = this;
    this.phase = "closing";
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("error", this.#onError);
    socket.off("close", this.#onClose);
    this.#server.closed(this);
    this.#server.handOver(this, rest);
  }
}
