// Reads one command from the bytes that have arrived, in either of the two forms of the Redis protocol. Keeps nothing between calls:
// an unfinished command is read again from its start once `needed` bytes are there, which is at least a fixed share more each time.
import { Args } from "./args.ts";
import { splitLine } from "./inline.ts";
import type { RespLimits } from "./limits.ts";

export const parsed = {
  command: 0,
  /** Nothing to do: an empty line, or an array of no elements. */
  nothing: 1,
  incomplete: 2,
  /** A large argument has begun at `largeFrom`; the connection collects its `largeBytes` bytes apart. */
  large: 3,
  /** Not the protocol; `problem` says why. */
  broken: 4,
} as const;
export type Parsed = (typeof parsed)[keyof typeof parsed];

const asterisk = 0x2a;
const dollar = 0x24;
const cr = 0x0d;
const lf = 0x0a;
/** `$0 CR LF CR LF`: no argument is shorter. */
const leastArgument = 6;

// what lengthAt answers instead of a length
const unfinished = -1;
const invalid = -2;
/** Beyond any limit, and exact in a double. */
const manyDigits = 15;

export type ParserLimits = Pick<RespLimits, "multibulk" | "bulkBytes" | "lineBytes" | "strangerMultibulk" | "strangerBulkBytes"> & {
  /** Arguments above it that have not arrived in full are collected apart. */
  readonly largeBytes: number;
};

export class Parser {
  readonly args = new Args();
  /** The first byte after the command, when it was complete. */
  next = 0;
  /** Bytes from the start of the command without which it cannot be complete. */
  needed = 0;
  problem = "";
  largeIndex = 0;
  largeFrom = 0;
  largeBytes = 0;
  /** Where lengthAt stopped: after the CR LF. */
  private after = 0;
  private readonly limits: ParserLimits;

  constructor(limits: ParserLimits) {
    this.limits = limits;
  }

  /** `own`: the large arguments of this command that were collected before; their bytes are not in `data`. */
  parse(data: Buffer, at: number, stranger: boolean, own: (Buffer | undefined)[] | undefined): Parsed {
    const end = data.length;
    if (data[at] !== asterisk) return this.inline(data, at);
    const count = this.lengthAt(data, at + 1, end);
    if (count < 0) {
      if (count === unfinished) return this.unfinishedLine(at, end, "too big mbulk count string");
      if (this.isNegative(data, at + 1)) return this.nothing(data, at + 1, end);
      return this.broken("invalid multibulk length");
    }
    if (count > this.limits.multibulk) return this.broken("invalid multibulk length");
    if (stranger && count > this.limits.strangerMultibulk) return this.broken("unauthenticated multibulk length");
    this.next = this.after;
    if (count === 0) return parsed.nothing;

    const { args } = this;
    args.data = data;
    args.own = own;
    let p = this.after;
    for (let i = 0; i < count; i++) {
      if (p >= end) return this.incomplete(p - at + (count - i) * leastArgument);
      if (data[p] !== dollar) {
        // redis looks at the byte only when the whole line is there
        if (this.lineEnd(data, p, end) === unfinished) return this.unfinishedLine(p, end, "too big bulk count string", at);
        return this.broken(`expected '$', got '${String.fromCharCode(data[p] as number)}'`);
      }
      const length = this.lengthAt(data, p + 1, end);
      if (length < 0) {
        if (length === unfinished) return this.unfinishedLine(p, end, "too big bulk count string", at);
        return this.broken("invalid bulk length");
      }
      if (length > this.limits.bulkBytes) return this.broken("invalid bulk length");
      if (stranger && length > this.limits.strangerBulkBytes) return this.broken("unauthenticated bulk length");
      const from = this.after;
      if (i >= args.from.length) args.grow(Math.min(count, i * 2));
      if (own !== undefined && own[i] !== undefined) {
        args.from[i] = 0;
        args.to[i] = length;
        p = from + 2;
      } else {
        args.from[i] = from;
        args.to[i] = from + length;
        p = from + length + 2;
        if (p > end && length > this.limits.largeBytes) {
          this.largeIndex = i;
          this.largeFrom = from;
          this.largeBytes = length;
          return parsed.large;
        }
      }
      if (p > end) return this.incomplete(p - at + (count - i - 1) * leastArgument);
    }
    args.count = count;
    this.next = p;
    return parsed.command;
  }

  /** A decimal without sign and without leading zeros, up to CR and one byte more. */
  private lengthAt(data: Buffer, from: number, end: number): number {
    let p = from;
    let value = 0;
    while (p < end) {
      const digit = (data[p] as number) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      p++;
    }
    if (p + 1 < end && data[p] === cr && p > from && p - from <= manyDigits && (data[from] !== 0x30 || p === from + 1)) {
      this.after = p + 2;
      return value;
    }
    return this.lineEnd(data, from, end) === unfinished ? unfinished : invalid;
  }

  /** The position of the CR, when a byte follows it. */
  private lineEnd(data: Buffer, from: number, end: number): number {
    const at = data.indexOf(cr, from);
    return at < 0 || at + 1 >= end ? unfinished : at;
  }

  private isNegative(data: Buffer, from: number): boolean {
    const text = data.toString("latin1", from, Math.min(data.indexOf(cr, from), from + manyDigits));
    return /^-[1-9]\d*$/.test(text);
  }

  private nothing(data: Buffer, from: number, end: number): Parsed {
    this.next = this.lineEnd(data, from, end) + 2;
    return parsed.nothing;
  }

  private incomplete(needed: number): Parsed {
    this.needed = needed;
    return parsed.incomplete;
  }

  private unfinishedLine(lineFrom: number, end: number, problem: string, start = lineFrom): Parsed {
    return end - lineFrom > this.limits.lineBytes ? this.broken(problem) : this.incomplete(end - start + 1);
  }

  private broken(problem: string): Parsed {
    this.problem = problem;
    return parsed.broken;
  }

  private inline(data: Buffer, at: number): Parsed {
    const newline = data.indexOf(lf, at);
    if (newline < 0) return this.unfinishedLine(at, data.length, "too big inline request");
    this.next = newline + 1;
    const words = splitLine(data.subarray(at, newline > at && data[newline - 1] === cr ? newline - 1 : newline));
    if (!words) return this.broken("unbalanced quotes in request");
    if (words.length === 0) return parsed.nothing;
    const { args } = this;
    args.own = undefined;
    args.data = Buffer.concat(words);
    args.count = words.length;
    args.grow(words.length);
    let p = 0;
    for (const [i, word] of words.entries()) {
      args.from[i] = p;
      args.to[i] = p += word.length;
    }
    return parsed.command;
  }
}
