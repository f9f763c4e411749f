// From the bytes of a command to its handler: everything that is the same for all commands.
import { commandGroups } from "#contract/metrics";
import type { TurnClock } from "#lib/turn-clock";
import type { Call, Command, Row, Step } from "./commands/command.ts";
import { badKey, noAuth, unknownSubcommand, wrongArity } from "./commands/errors.ts";
import { createLookup } from "./commands/lookup.ts";
import { commands } from "./commands/table.ts";
import { abandon, queue } from "./commands/transactions.ts";
import { maxKeyBytes } from "./limits.ts";
import type { CommandObserver, SampledCommand } from "./command-observer.ts";
import { createLongCommand, type LongCommand } from "./long-command.ts";
import type { Reply } from "./reply.ts";

/** What an unknown command's error shows of it. */
const shownBytes = 128;
const otherCell = commandGroups.indexOf("other") * 2;

const rowOf = (command: Command): Row => ({
  command,
  name: command.name,
  run: command.run,
  arity: command.arity,
  cell: commandGroups.indexOf(command.group) * 2,
  firstKey: command.keys?.first ?? 0,
  lastKey: command.keys?.last ?? 0,
  keyStep: command.keys?.step ?? 1,
  beforeLogin: command.flags.includes("no_auth"),
  immediate: command.immediate ?? false,
  subcommands: command.subcommands && new Map(command.subcommands.map((each) => [each.name.slice(command.name.length + 1), rowOf(each)])),
});

const find = createLookup(commands.map(rowOf));

const unknownCommand = ({ args }: Call): string => {
  let rest = "";
  for (let i = 1; i < args.count && rest.length < shownBytes; i++) rest += `'${args.shown(i, shownBytes - rest.length)}' `;
  return `ERR unknown command '${args.shown(0, shownBytes)}', with args beginning with: ${rest}`;
};

const keysFit = ({ args }: Call, { firstKey, lastKey, keyStep }: Row): boolean => {
  const end = lastKey < 0 ? args.count + lastKey : lastKey;
  for (let i = firstKey; i <= end; i += keyStep) {
    const bytes = args.bytes(i);
    if (bytes < 1 || bytes > maxKeyBytes) return false;
  }
  return true;
};

/** The step, without what it replies. */
const silent = (reply: Reply, step: Step): Step => () => {
  const from = reply.length;
  const isDone = step();
  reply.truncate(from);
  return isDone;
};

/** After a command whose reply is not wanted: CLIENT REPLY. */
const hide = (call: Call, from: number): void => {
  const { session, reply } = call;
  reply.truncate(from);
  if (call.unfinished) call.unfinished = silent(reply, call.unfinished);
  if (session.replies === "skipping") session.replies = "on";
};

/** Web pages can make a browser send these to any port. */
const isForgery = (name: string) => name === "post" || name === "host:";

export interface Dispatcher {
  /** Runs the command of `call.args`, or queues it; the reply is written. `refusal`: the error that it gets instead. */
  dispatch(call: Call, refusal: string | undefined): void;
  run(call: Call, row: Row): void;
  /** Takes `step`, which the command that was just dispatched has left unfinished. `startedAt`: monotonic, of its turn. */
  goesOn(call: Call, step: Step, startedAt: number, replyBytes: number): LongCommand;
}

export const createDispatcher = (counts: Float64Array, observer: CommandObserver, clock: TurnClock): Dispatcher => {
  /** The command that the last resolution found. */
  let found: Row | undefined;

  const run = (call: Call, row: Row): void => {
    const { reply } = call;
    reply.failed = false;
    try {
      row.run(call);
    } catch (err) {
      counts[row.cell + 1] = (counts[row.cell + 1] as number) + 1;
      throw err;
    }
    // what goes on is counted when it is over
    if (call.unfinished !== undefined) return;
    const cell = row.cell + (reply.failed ? 1 : 0);
    counts[cell] = (counts[cell] as number) + 1;
  };

  const reject = (call: Call, error: string, cell: number): void => {
    call.reply.error(error);
    counts[cell + 1] = (counts[cell + 1] as number) + 1;
    if (call.session.transaction) call.session.transaction.broken = true;
  };

  /** An EXEC that cannot be run ends the transaction. */
  const rejectRow = (call: Call, error: string, row: Row): void => {
    if (row.name !== "exec") return reject(call, error, row.cell);
    abandon(call, call.session);
    reject(call, `EXECABORT Transaction discarded because of: ${error.replace(/^ERR /, "")}`, row.cell);
  };

  const resolve = (call: Call, refusal: string | undefined): void => {
    const { args, session } = call;
    let row = find(args.buffer(0), args.from[0] as number, args.to[0] as number);
    if (row === undefined) {
      if (isForgery(args.word(0))) {
        session.closing = true;
        return;
      }
      return reject(call, unknownCommand(call), otherCell);
    }
    if (row.subcommands !== undefined && args.count > 1) {
      const sub = row.subcommands.get(args.word(1));
      if (sub === undefined) return reject(call, unknownSubcommand(row.name, args.shown(1, shownBytes)), row.cell);
      row = sub;
    }
    found = row;
    const { arity } = row;
    if (arity > 0 ? args.count !== arity : args.count < -arity) return rejectRow(call, wrongArity(row.name), row);
    if (session.stranger && !row.beforeLogin) {
      if (session.revoked) session.closing = true;
      return rejectRow(call, noAuth, row);
    }
    if (refusal !== undefined) {
      if (row.command.flags.includes("write")) call.metrics.kv_rejected_writes_total.inc({ reason: "too_large" });
      return reject(call, refusal, row.cell);
    }
    if (row.firstKey !== 0 && !keysFit(call, row)) {
      if (row.command.flags.includes("write")) call.metrics.kv_rejected_writes_total.inc({ reason: "key" });
      return reject(call, badKey, row.cell);
    }
    if (session.transaction !== undefined && !row.immediate) return queue(call, row);
    session.lastCommand = row.name;
    run(call, row);
  };

  const resolveObserved = (call: Call, refusal: string | undefined, sampled: SampledCommand): void => {
    const { reply, args, replication } = call;
    const from = reply.length;
    found = undefined;
    reply.failed = false;
    const observe = (problem: string | undefined, replyBytes: number) => {
      const row = found as Row | undefined;
      observer.observe(sampled, { name: row?.name ?? "unknown", args, firstKey: row?.firstKey ?? 0, problem, replyBytes });
    };
    call.sampled = sampled;
    try {
      replication.within(sampled.span, () => resolve(call, refusal));
    } catch (err) {
      // what it has written is thrown away; `call.sampled` stays for whoever tells of the fault
      observe("failed", 0);
      throw err;
    }
    if (call.unfinished !== undefined) return;
    call.sampled = undefined;
    observe(reply.failed ? "answered an error" : undefined, reply.length - from);
  };

  return {
    run,
    goesOn: (call, step, startedAt, replyBytes) => {
      const long = createLongCommand({ call, row: found as Row, step, counts, observer, clock, startedAt, replyBytes });
      call.unfinished = undefined;
      call.sampled = undefined;
      return long;
    },
    dispatch: (call, refusal) => {
      const { session, reply, server } = call;
      server.counts.commands++;
      const from = reply.length;
      if (session.replies === "skip") session.replies = "skipping";
      const sampled = observer.sample();
      if (sampled === undefined) resolve(call, refusal);
      else resolveObserved(call, refusal, sampled);
      if (session.replies !== "on") hide(call, from);
    },
  };
};
