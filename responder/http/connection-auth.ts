// Tokens of HTTP requests: checked once for a connection, compared with what was accepted from then on.
import { tokenBytes } from "#contract/http";
import type { Auth, Verdict } from "../auth/auth.ts";

/** What is known of one connection's client. */
export interface ConnectionAuth {
  readonly address: string;
  /** The value of the Authorization header that was accepted last; empty: none was. */
  accepted: Buffer;
  /** Of the tokens that it was compared with. */
  generation: number;
  /** What was found out about the request that is handed over, so that it is not asked, and counted, twice. */
  refused: Exclude<Verdict, "ok"> | undefined;
}

const nothing = Buffer.alloc(0);

export const createConnectionAuth = (address: string): ConnectionAuth => ({ address, accepted: nothing, generation: 0, refused: undefined });

const scheme = /^bearer +/i;

/** Looks at every byte, wherever they differ: the time tells nothing. */
const equal = (a: Buffer, bytes: Buffer, from: number, to: number): boolean => {
  if (a.length !== to - from) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (bytes[from + i] as number);
  return difference === 0;
};

/** `bytes[from, to)` is the value of the header. Asks `auth` only for a value that this connection has not brought before. */
export const authorize = (auth: Auth, connection: ConnectionAuth, bytes: Buffer, from: number, to: number): Verdict => {
  const generation = auth.generation();
  if (to > from && connection.generation === generation && equal(connection.accepted, bytes, from, to)) return "ok";
  const value = bytes.toString("latin1", from, to);
  const opening = scheme.exec(value)?.[0].length ?? 0;
  const token = bytes.subarray(from + opening, to);
  // no token at all is no guess, so it is not held against the address
  if (opening === 0 || token.length < tokenBytes.min || token.length > tokenBytes.max) return "denied";
  const verdict = auth.check(token, connection.address);
  if (verdict === "ok") {
    connection.accepted = Buffer.from(bytes.subarray(from, to));
    connection.generation = generation;
  }
  return verdict;
};
