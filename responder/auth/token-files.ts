// Tokens as files in a mounted directory: two while a rotation lasts. They are read again and again, because a mount changes without notice.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tokenBytes } from "#contract/http";
import type { Timers } from "#lib/clock";
import { pollFile } from "#lib/poll-file";

const everyMs = 1_000;
const separator = "\n";

const readTokens = (dir: string): string =>
  readdirSync(dir)
    // a mounted Secret keeps its versions in hidden directories beside the names
    .filter((name) => !name.startsWith("."))
    .toSorted()
    .map((name) => readFileSync(join(dir, name), "latin1").trim())
    .join(separator);

export interface TokenFiles {
  readonly dir: string;
  readonly timers: Pick<Timers, "every">;
  readonly onTokens: (tokens: readonly Buffer[]) => void;
  /** Never carries a token. What was read before stays in force. */
  readonly onProblem: (err: unknown) => void;
}

/** Returns the function that ends it. Throws, and keeps what was, when a file is no token or there is none. */
export const followTokens = ({ dir, timers, onTokens, onProblem }: TokenFiles): (() => void) =>
  pollFile({
    path: dir,
    everyMs,
    timers,
    read: readTokens,
    onText: (text) => {
      const tokens = text.split(separator).filter((token) => token !== "");
      if (tokens.length === 0) throw new Error(`${dir} holds no token; mount a Secret with at least one`);
      if (tokens.some((token) => !/^[\x21-\x7e]+$/.test(token) || token.length < tokenBytes.min || token.length > tokenBytes.max))
        throw new Error(`a file in ${dir} is not one line of ${tokenBytes.min} to ${tokenBytes.max} printable characters without spaces`);
      onTokens(tokens.map((token) => Buffer.from(token, "latin1")));
    },
    onProblem,
  });
