// Conditional reads and writes: whether an entry is in the state that the caller expects.
import { compareVersions, type Version } from "./version.ts";

/** "any": an entry exists, whatever its version. */
export type Match = "any" | readonly Version[];

export interface Precondition {
  /** The entry must exist and match (If-Match). */
  readonly match?: Match;
  /** The entry must not exist or must not match (If-None-Match). */
  readonly noneMatch?: Match;
}

const matches = (match: Match, current: Version) => match === "any" || match.some((v) => compareVersions(v, current) === 0);

/** `current` is the version of the live entry, undefined when there is none. */
export const holds = ({ match, noneMatch }: Precondition, current: Version | undefined): boolean => {
  if (match !== undefined && (current === undefined || !matches(match, current))) return false;
  return noneMatch === undefined || current === undefined || !matches(noneMatch, current);
};
