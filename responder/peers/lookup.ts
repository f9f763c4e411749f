// Asks for the A and AAAA records of one name after the other until one has any.
import type { RecordWithTtl } from "node:dns";

/** What is used of Node's own. */
export interface PeerResolver {
  resolve4(name: string, options: { readonly ttl: true }): Promise<RecordWithTtl[]>;
  resolve6(name: string, options: { readonly ttl: true }): Promise<RecordWithTtl[]>;
  cancel(): void;
}

/** The addresses of one family. Undefined: it could not be found out. */
export type FamilyAnswer = readonly string[] | undefined;

export type Lookup =
  /** At least one of the families has an address. `ttl` is the shortest one, in seconds. */
  | { readonly result: "ok"; readonly name: string; readonly families: readonly [FamilyAnswer, FamilyAnswer]; readonly ttl: number }
  /** No name has an address, and that is certain. */
  | { readonly result: "empty" }
  | { readonly result: "failed"; readonly error: unknown };

const noName = "ENOTFOUND";
const noRecord = "ENODATA";
/** Nobody answers, so nobody would answer for the next name either. */
const unanswered = new Set(["ETIMEOUT", "ECONNREFUSED", "ECANCELLED"]);

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

const ask = async (resolver: PeerResolver, name: string): Promise<Lookup> => {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name, { ttl: true }), resolver.resolve6(name, { ttl: true })]);
  const records = [v4, v6].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const errors = [v4, v6].flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
  const family = (answer: typeof v4): FamilyAnswer => {
    if (answer.status === "fulfilled") return answer.value.map((record) => record.address);
    return [noName, noRecord].includes(codeOf(answer.reason)) ? [] : undefined;
  };
  if (records.length > 0) return { result: "ok", name, families: [family(v4), family(v6)], ttl: Math.min(...records.map((record) => record.ttl)) };
  // a name that does not exist has no record of the other type either, whatever became of that question
  if (errors.some((error) => codeOf(error) === noName)) return { result: "empty" };
  const failures = errors.filter((error) => codeOf(error) !== noRecord);
  return failures.length > 0 ? { result: "failed", error: failures[0] } : { result: "empty" };
};

/**
 * The first name with an address wins. A domain whose servers cannot answer does not hide the names behind it, as in glibc's res_nsearch;
 * but then an overall "empty" is not certain, and the result is that failure.
 */
export const lookUp = async (resolver: PeerResolver, names: readonly string[]): Promise<Lookup> => {
  let result: Lookup = { result: "empty" };
  for (const name of names) {
    const lookup = await ask(resolver, name);
    if (lookup.result === "ok") return lookup;
    if (lookup.result === "empty") continue;
    result = lookup;
    if (unanswered.has(codeOf(lookup.error))) break;
  }
  return result;
};
