// The words that the families write their commands with.
import fc, { type Arbitrary } from "fast-check";
import type { Part } from "../arguments.ts";
import type { Command } from "../connection.ts";

/** Command names as the server's table has them; a subcommand as "client|id". */
export type Family = Readonly<Record<string, Arbitrary<Command>>>;

export const command = (name: string, ...parts: Arbitrary<Part>[]): Arbitrary<Command> =>
  fc.tuple(...parts).map((given) => [...name.split("|"), ...given.flat()]);

export const many = (part: Arbitrary<Part>, max = 4): Arbitrary<string[]> => fc.array(part, { minLength: 1, maxLength: max }).map((parts) => parts.flat());

/** None of them, one, or two that may contradict each other. */
export const options = (...choices: Arbitrary<Part>[]): Arbitrary<string[]> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<string[]>([]) },
    { weight: 5, arbitrary: fc.oneof(...choices).map((one) => [one].flat()) },
    { weight: 2, arbitrary: fc.array(fc.oneof(...choices), { minLength: 2, maxLength: 3 }).map((some) => some.flat()) },
  );

export const word = (text: string): Arbitrary<Part> => fc.constant(text);
export const option = (name: string, value: Arbitrary<string>): Arbitrary<Part> => value.map((text) => [name, text]);
