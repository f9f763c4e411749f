// Tests as dialogues: a list of what a client says and what it must hear.
import { expect, test } from "vitest";
import { createDialogue, type Options } from "../clients.ts";

export type Line = readonly [command: string, answer: string];

/** All lines on one connection to an empty server. */
export const tells = (name: string, lines: readonly Line[], options: Options = {}): void =>
  test(name, async () => {
    const { ask } = createDialogue(options);
    for (const [i, [command, answer]] of lines.entries()) expect(await ask(command), `${i + 1}: ${command}`).toBe(answer);
  });
