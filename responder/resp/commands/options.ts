// The options of SET and GETEX, and times to live wherever they are given.
import { readBig } from "../numbers.ts";
import type { Call } from "./command.ts";
import { invalidExpire, notInteger, syntaxError } from "./errors.ts";

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

const isTimeUnit = (word: string): word is keyof typeof timeUnits => Object.hasOwn(timeUnits, word);

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

interface EntryOptions {
  unit: TimeUnit | undefined;
  /** The argument with the time. */
  unitAt: number;
  keepTime: boolean;
  persist: boolean;
  onlyNew: boolean;
  onlyOld: boolean;
  withOld: boolean;
}

/** From argument `from` on; undefined: an error was written. An option may come twice, but not with one that contradicts it. */
export const readOptions = ({ args, reply }: Call, from: number, command: "set" | "getex"): EntryOptions | undefined => {
  const isSet = command === "set";
  const found: EntryOptions = { unit: undefined, unitAt: 0, keepTime: false, persist: false, onlyNew: false, onlyOld: false, withOld: false };
  for (let i = from; i < args.count; i++) {
    const word = args.word(i);
    if (isSet && word === "nx" && !found.onlyOld) found.onlyNew = true;
    else if (isSet && word === "xx" && !found.onlyNew) found.onlyOld = true;
    else if (isSet && word === "get") found.withOld = true;
    else if (isSet && word === "keepttl" && !found.unit) found.keepTime = true;
    else if (!isSet && word === "persist" && !found.unit) found.persist = true;
    else if (isTimeUnit(word) && !found.keepTime && !found.persist && (found.unit ?? timeUnits[word]) === timeUnits[word] && i + 1 < args.count) {
      found.unit = timeUnits[word];
      found.unitAt = ++i;
    } else {
      reply.error(syntaxError);
      return undefined;
    }
  }
  return found;
};
