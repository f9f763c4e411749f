// Decides what to hold after each lookup: the last good addresses outlive failures, and a while of empty answers too.
import type { FamilyAnswer, Lookup } from "./lookup.ts";

interface Family {
  readonly hosts: readonly string[];
  /** Empty answers in a row while something was held. */
  readonly empties: number;
}

/** Each family by itself: one that fails must not take away what the other one has, nor lose its own. */
export interface LastGood {
  readonly families: readonly [Family, Family];
  /** The name that gave the addresses. Undefined: there are none. */
  readonly name: string | undefined;
  /** Of the last answer with addresses, in seconds. */
  readonly ttl: number;
  /** Failed lookups in a row. */
  readonly failures: number;
}

const nobody: Family = { hosts: [], empties: 0 };

export const nothingHeld: LastGood = { families: [nobody, nobody], name: undefined, ttl: 0, failures: 0 };

/**
 * A DNS server that restarts says for a moment that nothing exists, so it must say so for a while: about 30 s, as empty answers are checked every second.
 * Counted and not timed: a process that was stopped for a minute has not asked for a minute.
 */
export const emptiesBelieved = 30;

/** A failure starts the count anew: an outage between two restarts proves nothing. */
const familyAfter = (held: Family, answer: FamilyAnswer): Family => {
  if (answer === undefined) return { hosts: held.hosts, empties: 0 };
  if (answer.length > 0) return { hosts: answer, empties: 0 };
  if (held.hosts.length === 0 || held.empties + 1 >= emptiesBelieved) return nobody;
  return { hosts: held.hosts, empties: held.empties + 1 };
};

const answersOf = (lookup: Lookup): readonly [FamilyAnswer, FamilyAnswer] => {
  if (lookup.result === "ok") return lookup.families;
  return lookup.result === "empty" ? [[], []] : [undefined, undefined];
};

export const afterLookup = (held: LastGood, lookup: Lookup): LastGood => {
  const [v4, v6] = answersOf(lookup);
  const families = [familyAfter(held.families[0], v4), familyAfter(held.families[1], v6)] as const;
  const { name, ttl } = lookup.result === "ok" ? lookup : held;
  return {
    families,
    name: families.some(({ hosts }) => hosts.length > 0) ? name : undefined,
    ttl,
    failures: lookup.result === "failed" ? held.failures + 1 : 0,
  };
};

export const hostsOf = ({ families }: LastGood): readonly string[] => families.flatMap(({ hosts }) => hosts);

/** Another answer may come any moment: nobody is known but, possibly, ourselves, or what is held was not in the last answer. */
export const isDoubtful = ({ families }: LastGood): boolean => families.every(({ hosts }) => hosts.length <= 1) || families.some(({ empties }) => empties > 0);
