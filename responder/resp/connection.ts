// One client: reads its commands, runs them in order, and lets the others have their turn.
import type { Socket } from "node:net";
import type { ClientView, Sleep } from "./commands/command.ts";
import { tooLong } from "./commands/errors.ts";
import { abandon } from "./commands/transactions.ts";
import { recheck } from "./credentials.ts";
import type { Hub } from "./hub.ts";
import { Input } from "./input.ts";
import type { LongCommand } from "./long-command.ts";
import { createOutput, type Output } from "./output.ts";
import { parsed } from "./parser.ts";
import type { Session } from "./session.ts";

const nothing = Buffer.alloc(0);
/** Node reads at most so many bytes at once: after less than that the kernel had no more. */
const fullRead = 64 * 1024;

export class Connection implements ClientView {
  readonly session: Session;
  private readonly socket: Socket;
  private readonly hub: Hub<Connection>;
  private readonly input: Input;
  private readonly output: Output;
  /** Complete commands that wait for their turn, or for the replies before them to leave. */
  private rest: Buffer = nothing;
  private long: LongCommand | undefined = undefined;
  /** While the long command waits for something outside: ends that waiting. */
  private cancelSleep: (() => void) | undefined = undefined;
  private refusal: string | undefined = undefined;
  private deferred = false;
  /** Our FIN is sent: what still arrives is read and thrown away, because unread bytes would turn the FIN into a reset. */
  private finished = false;
  private clientFinished = false;
  private paused = false;
  /** What arrived before reading stopped says nothing of what has arrived since. */
  private pausedAt = 0;
  /** Bytes of replies that are counted as waiting. */
  private counted = 0;
  /** Rises with everything that arrives. */
  private arrivals = 0;
  private cancelLinger: (() => void) | undefined = undefined;

  constructor(socket: Socket, session: Session, hub: Hub<Connection>) {
    this.socket = socket;
    this.session = session;
    this.hub = hub;
    this.input = new Input(hub.call.store, hub.call.inputBudget);
    this.output = createOutput({ socket, reply: hub.call.reply, left: () => this.onLeft() });
    socket.on("data", (chunk: Buffer) => this.onData(chunk));
    socket.on("end", () => {
      this.clientFinished = true;
      // most clients that end their side have gone: those that wait for long must not be kept for nobody
      if (this.isAsleep) this.wake();
      else this.settle(true);
    });
    socket.on("timeout", () => this.closeSlow());
    // what matters of an error is the close that follows
    socket.on("error", () => {});
    socket.on("close", () => this.onClose());
  }

  get pendingInput(): number {
    return this.input.held + this.rest.length;
  }

  get pendingOutput(): number {
    return this.output.bytes;
  }

  get isAsleep(): boolean {
    return this.cancelSleep !== undefined;
  }

  /** Something that arrived is not answered yet. */
  get isBusy(): boolean {
    return !this.finished && (this.long !== undefined || this.rest.length > 0 || this.input.length > 0 || this.input.isCollecting || this.output.waiting);
  }

  kill(): void {
    this.finish();
  }

  /** The client does not read. */
  closeSlow(): void {
    this.hub.metrics.slowReaders.inc();
    this.socket.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Sends the FIN, unless something is being done, or comes before the next turn of the event loop. */
  drain(): void {
    if (this.isAsleep && this.hub.impatient) return this.wake();
    if (this.finished || this.isBusy) return;
    const before = this.arrivals;
    // the second is after a poll that has surely seen this socket being read
    setImmediate(() =>
      setImmediate(() => {
        if (before === this.arrivals && !this.isBusy) this.finish();
      }),
    );
  }

  private onData(chunk: Buffer): void {
    if (this.finished) return;
    const { clock } = this.hub;
    this.session.lastAt = clock.tick();
    this.arrivals++;
    if (this.isAsleep) return this.hold(chunk);
    let data = chunk;
    if (this.input.length > 0) {
      let from = 0;
      if (this.input.isCollecting) {
        from = this.input.fill(chunk, 0);
        if (this.input.isCollecting) return;
      }
      if (!this.input.append(from === 0 ? chunk : chunk.subarray(from))) return this.refuseInput();
      if (this.input.length < this.input.needed) return;
      data = this.input.takeOut();
    }
    this.work(data);
    this.settle(chunk.length < fullRead && this.arrivals > this.pausedAt);
  }

  private work(data: Buffer): void {
    this.enter();
    const startedAt = this.hub.clock.monotonic();
    try {
      this.run(data, startedAt);
    } catch (err) {
      this.fail(err);
    }
    this.endTurn(startedAt);
  }

  /** Runs what is in `data` as far as this turn goes. */
  private run(data: Buffer, startedAt: number): void {
    const { hub, session, input } = this;
    const { call, parser, limits, dispatcher } = hub;
    const { reply } = call;
    let at = 0;
    let work = 0;
    while (at < data.length && !session.closing) {
      if (reply.size() >= limits.flushBytes && !this.flush()) break;
      if (work >= limits.workPerTurn) {
        this.putOff();
        break;
      }
      const outcome = parser.parse(data, at, session.stranger, input.own);
      if (outcome === parsed.command) {
        const before = reply.length;
        call.work = 0;
        dispatcher.dispatch(call, this.refusal);
        work += 1 + (parser.args.count >> 1) + ((parser.next - at + reply.length - before) >> 12) + call.work;
        at = parser.next;
        if (input.own !== undefined) {
          input.release(parser.args.own);
          this.refusal = undefined;
        }
        if (reply.length > limits.replyBytes) return this.tooMuch();
        if (call.unfinished !== undefined) {
          this.long = dispatcher.goesOn(call, call.unfinished, startedAt, reply.length - before);
          if (call.sleep === undefined) this.putOff();
          else this.fallAsleep(call.sleep);
          call.sleep = undefined;
          break;
        }
      } else if (outcome === parsed.nothing) {
        at = parser.next;
      } else {
        if (outcome === parsed.incomplete) this.keepUnfinished(data.subarray(at));
        else if (outcome === parsed.large) this.collectLarge(data, at);
        else this.protocolError(parser.problem);
        at = data.length;
      }
    }
    this.rest = at < data.length && !session.closing ? data.subarray(at) : nothing;
    this.flush();
  }

  /** Makes the shared call this connection's. */
  private enter(): void {
    const { call, parser } = this.hub;
    call.session = this.session;
    call.args = parser.args;
    call.reply.protocol = this.session.protocol;
    if (call.auth.required) recheck(call);
  }

  private endTurn(startedAt: number): void {
    const { clock, counts, observer } = this.hub;
    clock.tick();
    const durationMs = clock.monotonic() - startedAt;
    counts.endTurn(durationMs / 1_000);
    observer.took(durationMs, this.session.lastCommand);
  }

  private keepUnfinished(bytes: Buffer): void {
    const { parser, limits } = this.hub;
    if (parser.needed > limits.frameBytes) return this.protocolError("too big command");
    this.input.needed = parser.needed;
    if (!this.input.append(bytes)) this.refuseInput();
  }

  private fallAsleep(sleep: Sleep): void {
    this.long?.waits();
    let isOver = false;
    const cancel = sleep(() => {
      isOver = true;
      if (this.isAsleep) this.wake();
    });
    if (!isOver && !this.clientFinished) {
      this.cancelSleep = cancel;
      return;
    }
    cancel();
    this.putOff();
  }

  /** Goes on, with what it has waited for or without; in a turn of its own, because one event can wake many. */
  private wake(): void {
    this.stopSleeping();
    if (this.input.length > 0) this.rest = Buffer.concat([this.rest, this.input.takeOut()]);
    this.putOff();
    this.settle(false);
  }

  private stopSleeping(): void {
    this.cancelSleep?.();
    this.cancelSleep = undefined;
  }

  /** What arrives for one that is asleep is kept like an unfinished command. It is read on, or its end would not be noticed. */
  private hold(chunk: Buffer): void {
    this.input.needed = fullRead;
    if (this.input.append(chunk)) this.settle(false);
    else this.refuseInput();
  }

  private collectLarge(data: Buffer, at: number): void {
    const { parser, call } = this.hub;
    const { largeFrom, largeIndex, largeBytes } = parser;
    const refused = largeBytes > call.policy.maxValueBytes;
    if (refused) this.refusal = tooLong;
    this.input.needed = 0;
    if (!this.input.collect(largeIndex, largeBytes, refused) || !this.input.append(data.subarray(at, largeFrom))) return this.refuseInput();
    const end = largeFrom + this.input.fill(data, largeFrom);
    if (end < data.length && !this.input.append(data.subarray(end))) this.refuseInput();
  }

  private protocolError(problem: string): void {
    this.hub.metrics.protocolErrors.inc();
    this.hub.call.reply.error(`ERR Protocol error: ${problem}`);
    this.session.closing = true;
  }

  /** A fault of ours: it costs this client its connection, and nobody else anything. */
  private fail(err: unknown): void {
    const { call, log } = this.hub;
    const span = this.long?.span ?? call.sampled?.span;
    log.error({ err, command: this.session.lastCommand, ...(span && { trace_id: span.traceId, span_id: span.spanId, trace_flags: "01" }) }, "command failed");
    call.atomic = false;
    call.unfinished = undefined;
    call.sleep = undefined;
    call.sampled = undefined;
    call.reply.discard();
    call.reply.error("ERR internal error");
    this.session.closing = true;
    this.rest = nothing;
    this.takeLong()?.answered("failed");
    this.flush();
  }

  /** The long command is over. */
  private takeLong(): LongCommand | undefined {
    const { long } = this;
    this.long = undefined;
    return long;
  }

  /** Too much is unfinished, of this client or of all together. */
  private refuseInput(): void {
    this.enter();
    this.hub.call.metrics.kv_rejected_writes_total.inc({ reason: "no_memory" });
    this.hub.call.reply.error("ERR too many unfinished commands are held; try again later");
    this.session.closing = true;
    this.flush();
    this.settle(false);
  }

  /** One reply is beyond all bounds. */
  private tooMuch(): void {
    // the next client must not get it
    this.hub.call.reply.discard();
    this.closeSlow();
  }

  /** false: replies wait for the client to read. */
  private flush(): boolean {
    if (this.output.waiting) return false;
    if (this.output.flush()) return true;
    this.socket.setTimeout(this.hub.limits.stalledMs);
    this.count(this.output.bytes);
    return false;
  }

  private onLeft(): void {
    this.count(0);
    this.socket.setTimeout(0);
    // the time that the client took to read is not that of what comes now
    this.hub.clock.tick();
    this.goOn();
  }

  private count(bytes: number): void {
    const change = bytes - this.counted;
    this.counted = bytes;
    if (change !== 0) this.hub.outputChanged(change);
  }

  private putOff(): void {
    if (this.deferred) return;
    this.deferred = true;
    this.hub.defer(this);
  }

  /** From the queue of deferred work. */
  takeTurn(): void {
    this.deferred = false;
    this.hub.clock.tick();
    this.goOn();
  }

  private goOn(): void {
    if (this.output.waiting) this.long?.waits();
    if (this.finished || this.deferred || this.output.waiting || this.socket.destroyed) return;
    if (this.long !== undefined && !this.isAsleep) this.goOnWith(this.long);
    if (this.long === undefined && !this.output.waiting && this.rest.length > 0) {
      const { rest } = this;
      this.rest = nothing;
      this.work(rest);
    }
    this.settle(false);
  }

  private goOnWith(long: LongCommand): void {
    this.enter();
    const startedAt = this.hub.clock.monotonic();
    try {
      if (!long.goOn()) return this.putOff();
    } catch (err) {
      return this.fail(err);
    } finally {
      this.endTurn(startedAt);
    }
    this.takeLong()?.answered();
    if (this.hub.call.reply.length > this.hub.limits.replyBytes) this.tooMuch();
    else this.flush();
  }

  /** After each piece of work: reads on, stops reading, or closes. `emptied`: nothing more had arrived. */
  private settle(emptied: boolean): void {
    if (this.finished || this.socket.destroyed) return;
    if (this.session.closing) return this.finish();
    const stuck = this.output.waiting || (this.isAsleep ? this.pendingInput >= fullRead : this.long !== undefined || this.rest.length > 0);
    if (stuck) {
      if (!this.paused) this.socket.pause();
      this.paused = true;
      return;
    }
    if (this.clientFinished) return this.finish();
    if (this.paused) {
      this.paused = false;
      this.pausedAt = this.arrivals + 1;
      this.socket.resume();
    }
    if (!this.hub.impatient || this.isBusy) return;
    if (emptied) this.finish();
    else this.drain();
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.rest = nothing;
    this.takeLong()?.abandoned();
    this.stopSleeping();
    const { limits, timers } = this.hub;
    this.socket.end(() => {
      if (!this.socket.destroyed) this.cancelLinger = timers.after(limits.lingerMs, () => this.socket.destroy());
    });
    this.socket.resume();
  }

  private onClose(): void {
    this.finished = true;
    this.cancelLinger?.();
    this.count(0);
    this.input.clear();
    this.rest = nothing;
    this.takeLong()?.abandoned();
    this.stopSleeping();
    abandon(this.hub.call, this.session);
    this.hub.closed(this);
  }
}
