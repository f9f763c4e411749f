// Times to live as options of SET and GETEX, and as arguments of the EXPIRE family.
import { readBig } from "../numbers.ts";
import type { Call } from "./command.ts";
import { invalidExpire, notInteger } from "./errors.ts";

export interface TimeUnit {
  readonly ms: 1 | 1000;
  /** Since the epoch, not from now on. */
  readonly absolute: boolean;
}

export const timeUnits = {
  ex: { ms: 1000, absolute: false },
  px: { ms: 1, absolute: false },
  exat: { ms: 1000, absolute: true },
  pxat: { ms: 1, absolute: true },
} as const satisfies Record<string, TimeUnit>;

export const isTimeUnit = (word: string): word is keyof typeof timeUnits => Object.hasOwn(timeUnits, word);

const largest = 2n ** 63n - 1n;

/**
 * The deadline in milliseconds since the epoch that argument i asks for; undefined: an error was written.
 * `past`: deadlines that are over are fine, as for EXPIRE, which deletes then. `name` is the command's, for the error.
 */
export const readDeadline = (call: Call, i: number, { ms, absolute }: TimeUnit, name: string, past: boolean): number | undefined => {
  const { args, reply, store } = call;
  const given = readBig(args.buffer(i), args.from[i] as number, args.to[i] as number);
  if (given === undefined) {
    reply.error(notInteger);
    return undefined;
  }
  const at = given * BigInt(ms) + (absolute ? 0n : BigInt(store.now()));
  const outside = at > largest || (past ? given * BigInt(ms) < -largest - 1n : given <= 0n);
  if (outside) {
    reply.error(invalidExpire(name));
    return undefined;
  }
  return Number(at);
};
