// Random sequences of commands on two connections: single ones, pipelines, transactions, whole iterations.
import fc, { type Arbitrary } from "fast-check";
import { odd, pattern } from "./arguments.ts";
import type { Family } from "./commands/compose.ts";
import { keys } from "./commands/keys.ts";
import { connections, servers, transactions, unknown, unknownSub } from "./commands/session.ts";
import { strings } from "./commands/strings.ts";
import type { Command } from "./connection.ts";

/** Written at once, so more than one is a pipeline. */
export interface Pipeline {
  readonly on: 0 | 1;
  readonly commands: readonly Command[];
}
/** SCAN with these options from cursor 0 until the server says 0 again. */
export interface Iteration {
  readonly on: 0 | 1;
  readonly scan: readonly string[];
}
export type Step = Pipeline | Iteration;

export interface Sequence {
  /** What each of the two connections says HELLO with. */
  readonly protocols: readonly [2 | 3, 2 | 3];
  readonly steps: readonly Step[];
}

export const families: Family = { ...strings, ...keys, ...connections, ...servers, ...transactions };

const rare = new Set(["flushall", "flushdb", "quit", "reset", "command"]);
/** Without these the state that the others leave behind would seldom be seen. */
const often = new Set(["set", "get", "mget", "expire", "pexpire", "ttl", "pttl", "expiretime", "pexpiretime"]);
const weight = (name: string) => (rare.has(name) ? 1 : often.has(name) ? 15 : 5);
const from = (family: Family, supported: (name: string) => boolean): Arbitrary<Command> =>
  fc.oneof(
    ...Object.entries(family)
      .filter(([name]) => supported(name))
      .map(([name, arbitrary]) => ({ weight: weight(name), arbitrary })),
  );

const isOption = /^(ex|px|exat|pxat|nx|xx|gt|lt|get|keepttl|persist|match|count|type|setname|sync|async)$/i;
const mixed = (text: string) => [...text].map((letter, i) => (i % 2 ? letter.toUpperCase() : letter)).join("");
const alternate = (command: Command, change: (text: string) => string): Command => command.map((arg, i) => (i === 0 || isOption.test(arg) ? change(arg) : arg));

/** Most as they were; some in other letters; some with an argument too few, too many, or replaced. */
const spoiled = (sound: Arbitrary<Command>): Arbitrary<Command> =>
  fc.oneof(
    { weight: 84, arbitrary: sound },
    { weight: 4, arbitrary: sound.map((command) => alternate(command, (text) => text.toUpperCase())) },
    { weight: 4, arbitrary: sound.map((command) => alternate(command, mixed)) },
    { weight: 3, arbitrary: sound.map((command) => (command.length > 1 ? command.slice(0, -1) : command)) },
    { weight: 3, arbitrary: fc.tuple(sound, odd).map(([command, extra]) => [...command, extra]) },
    { weight: 2, arbitrary: fc.tuple(sound, fc.nat(4), odd).map(([command, at, other]) => (at + 1 < command.length ? command.with(at + 1, other) : command)) },
  );

/** Of the commands for which `supported` says yes. */
export const sequences = (supported: (name: string) => boolean, steps: number): Arbitrary<Sequence> => {
  const any = spoiled(
    fc.oneof(
      { weight: 50, arbitrary: from(strings, supported) },
      { weight: 35, arbitrary: from(keys, supported) },
      { weight: 6, arbitrary: from(connections, supported) },
      { weight: 3, arbitrary: from(servers, supported) },
      { weight: 1, arbitrary: from(transactions, supported) },
      { weight: 1, arbitrary: unknown },
      { weight: 1, arbitrary: unknownSub },
    ),
  );
  const on = fc.constantFrom(0 as const, 1 as const);
  const block = fc.tuple(fc.array(any, { maxLength: 6 }), fc.constantFrom("exec", "EXEC", "exec", "discard")).map(([inside, end]) => [["multi"], ...inside, [end]]);
  const scanOptions = fc.tuple(fc.constantFrom([], ["count", "1"], ["COUNT", "1000"]), fc.oneof(fc.constant([]), pattern.map((glob) => ["match", glob])), fc.constantFrom([], [], ["type", "string"], ["TYPE", "hash"]));
  const step: Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ on, commands: fc.array(any, { minLength: 1, maxLength: 1 }) }) },
    { weight: 6, arbitrary: fc.record({ on, commands: fc.array(any, { minLength: 2, maxLength: 12 }) }) },
    { weight: 2, arbitrary: fc.record({ on, commands: block }) },
    { weight: 1, arbitrary: fc.record({ on, scan: scanOptions.map((parts) => parts.flat()) }) },
  );
  const protocol = fc.constantFrom(2 as const, 3 as const);
  return fc.record({ protocols: fc.tuple(protocol, protocol), steps: fc.array(step, { minLength: 1, maxLength: steps, size: "max" }) });
};
