// WAIT: how many peers have what was written here.
import { readInteger } from "../numbers.ts";
import type { Call, Command } from "./command.ts";
import { notInteger } from "./errors.ts";

/** Also where 0 asks for ever: a client that has gone without a word must not be waited for any longer. */
export const maxWaitMs = 60_000;

const numberAt = ({ args }: Call, i: number): number => readInteger(args.buffer(i), args.from[i] as number, args.to[i] as number);

const wait = (call: Call): void => {
  const { reply, replication } = call;
  const wanted = numberAt(call, 1);
  if (Number.isNaN(wanted)) return reply.error(notInteger);
  const timeout = numberAt(call, 2);
  if (Number.isNaN(timeout)) return reply.error("ERR timeout is not an integer or out of range");
  if (timeout < 0) return reply.error("ERR timeout is negative");

  // of all clients of this pod: what this one has written is not beyond it
  const position = replication.position();
  const now = replication.acknowledged(position);
  if (call.atomic || now >= wanted) return reply.integer(now);
  let found: number | undefined;
  call.unfinished = () => {
    reply.integer(found ?? replication.acknowledged(position));
    return true;
  };
  call.sleep = (wake) =>
    replication.wait(position, wanted, timeout === 0 ? maxWaitMs : Math.min(timeout, maxWaitMs), ({ acknowledged }) => {
      found = acknowledged;
      wake();
    });
};

export const waitCommand: Command = {
  name: "wait",
  arity: 3,
  flags: ["noscript"],
  group: "generic",
  since: "3.0.0",
  complexity: "O(1)",
  summary: "Wait for the synchronous replication of all the write commands sent in the context of the current connection",
  difference: `Peers that have all that this pod's clients had written by then, not only this one. Where there are fewer than asked for, all of them are enough. At most ${maxWaitMs / 1000} s, 0 included.`,
  run: wait,
};
