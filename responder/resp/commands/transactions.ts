// MULTI and EXEC: queued commands run one after the other, with nothing between them.
import { Args } from "../args.ts";
import type { Queued, Session } from "../session.ts";
import type { Call, Command, Row } from "./command.ts";

/** What one transaction may hold. The rest is refused, and with it the transaction. */
const maxCommands = 65_536;
const maxBytes = 16 * 2 ** 20;

const queuedArgs = new Args();

const free = ({ store }: Pick<Call, "store">, { own }: Queued): void => {
  for (const buffer of own ?? []) if (buffer) store.free(buffer);
};

/** Forgets what is queued, as if MULTI had never been. */
export const abandon = (call: Pick<Call, "store" | "inputBudget">, session: Session): void => {
  const { transaction } = session;
  if (!transaction) return;
  for (const each of transaction.commands) free(call, each);
  call.inputBudget.give(transaction.bytes);
  session.transaction = undefined;
};

/** A copy of what the parser will write over; large arguments change hands. */
const keep = (row: Row, args: Args): Queued => {
  const from = new Int32Array(args.count);
  const to = new Int32Array(args.count);
  let bytes = 0;
  for (let i = 0; i < args.count; i++) if (args.own?.[i] === undefined) bytes += args.bytes(i);
  const data = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (let i = 0; i < args.count; i++) {
    if (args.own?.[i] !== undefined) {
      to[i] = args.to[i] as number;
      continue;
    }
    from[i] = at;
    at += args.data.copy(data, at, args.from[i], args.to[i]);
    to[i] = at;
  }
  const { own } = args;
  args.own = undefined;
  return { row, data, from, to, own };
};

export const queue = (call: Call, row: Row): void => {
  const { session, args, reply } = call;
  const { transaction } = session;
  if (!transaction) return;
  if (row.command.flags.includes("no_multi")) {
    transaction.broken = true;
    return reply.error("ERR Command not allowed inside a transaction");
  }
  let bytes = 64;
  for (let i = 0; i < args.count; i++) bytes += args.bytes(i) + 8;
  if (transaction.commands.length >= maxCommands || transaction.bytes + bytes > maxBytes || !call.inputBudget.take(bytes)) {
    transaction.broken = true;
    return reply.error(`ERR transaction too large: at most ${maxCommands} commands and ${maxBytes / 2 ** 20} MiB`);
  }
  transaction.bytes += bytes;
  transaction.commands.push(keep(row, args));
  reply.queued();
};

const multi = ({ session, reply }: Call): void => {
  if (session.transaction) return reply.error("ERR MULTI calls can not be nested");
  session.transaction = { commands: [], bytes: 0, broken: false };
  reply.ok();
};

const exec = (call: Call): void => {
  const { session, reply } = call;
  const { transaction } = session;
  if (!transaction) return reply.error("ERR EXEC without MULTI");
  if (transaction.broken) {
    abandon(call, session);
    return reply.error("EXECABORT Transaction discarded because of previous errors.");
  }
  session.transaction = undefined;
  call.inputBudget.give(transaction.bytes);
  const { args } = call;
  call.args = queuedArgs;
  call.atomic = true;
  reply.array(transaction.commands.length);
  for (const [i, queued] of transaction.commands.entries()) {
    queuedArgs.count = queued.from.length;
    queuedArgs.data = queued.data;
    queuedArgs.from = queued.from;
    queuedArgs.to = queued.to;
    queuedArgs.own = queued.own;
    try {
      call.run(queued.row);
    } catch (err) {
      // those that will not run any more
      for (const each of transaction.commands.slice(i)) free(call, each);
      throw err;
    }
    free(call, queued);
    call.work += 1 + (queuedArgs.count >> 1);
  }
  call.atomic = false;
  call.args = args;
  // errors of the queued commands are theirs, not of EXEC
  reply.failed = false;
};

const discard = (call: Call): void => {
  const { session, reply } = call;
  if (!session.transaction) return reply.error("ERR DISCARD without MULTI");
  abandon(call, session);
  reply.ok();
};

const row = (name: string, summary: string, complexity: string, run: Command["run"], difference?: string): Command => ({
  name,
  arity: 1,
  flags: name === "exec" ? ["noscript", "loading", "stale"] : ["noscript", "loading", "stale", "fast"],
  group: "transactions",
  since: name === "discard" ? "2.0.0" : "1.2.0",
  complexity,
  summary,
  immediate: true,
  ...(difference === undefined ? {} : { difference }),
  run,
});

export const transactionCommands: readonly Command[] = [
  row("multi", "Mark the start of a transaction block", "O(1)", multi, "Inside it, WATCH and UNWATCH are unknown commands, as everywhere."),
  row("exec", "Execute all commands issued after MULTI", "Depends on commands in the transaction", exec, `Nothing else runs between the commands on this pod; peers learn of them one by one. At most ${maxCommands} commands and ${maxBytes / 2 ** 20} MiB.`),
  row("discard", "Discard all commands issued after MULTI", "O(N), when N is the number of queued commands", discard),
];
