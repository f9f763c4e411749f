// Who may use the cache: the bearer of one of a few tokens. Failures are limited for each address.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** throttled: not compared, because this address failed too often of late. */
export type Verdict = "ok" | "denied" | "throttled";

export interface Auth {
  readonly required: boolean;
  /** Takes the same time whichever token is given. `address` is the client's, as the socket tells it. */
  check(token: Buffer, address: string): Verdict;
  /** Rises when the tokens change: what was found out about a token before is no longer true. */
  generation(): number;
}

export interface TokenAuth extends Auth {
  /** Replaces the tokens that are accepted. */
  setTokens(tokens: readonly Buffer[]): void;
  count(): number;
}

export const noAuth: Auth = { required: false, check: () => "ok", generation: () => 0 };

/** Failures in a row that an address has before it must wait, and how fast it gets them back. */
const burst = 10;
const perSecond = 1;
/** Addresses remembered; the one that failed first is forgotten first. */
const maxAddresses = 4096;

interface Failures {
  left: number;
  at: number;
}

export const createTokenAuth = ({ monotonic }: { monotonic: () => number }): TokenAuth => {
  // digests under a key of this process: of one length, and nothing that is compared can be guessed byte by byte
  const secret = randomBytes(32);
  const digest = (token: Buffer) => createHmac("sha256", secret).update(token).digest();
  let accepted: Buffer[] = [];
  let generation = 1;
  const failures = new Map<string, Failures>();

  const allowance = (address: string): Failures => {
    const now = monotonic();
    const known = failures.get(address);
    if (!known) return { left: burst, at: now };
    return { left: Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond), at: now };
  };

  return {
    required: true,
    generation: () => generation,
    count: () => accepted.length,
    setTokens: (tokens) => {
      accepted = tokens.map(digest);
      generation++;
    },
    check: (token, address) => {
      const state = failures.size === 0 ? undefined : allowance(address);
      if (state && state.left < 1) return "throttled";
      const given = digest(token);
      let found = false;
      for (const each of accepted) found = timingSafeEqual(each, given) || found;
      if (found) return "ok";
      const { left, at } = state ?? allowance(address);
      failures.delete(address);
      if (failures.size >= maxAddresses) failures.delete(failures.keys().next().value ?? "");
      failures.set(address, { left: left - 1, at });
      return "denied";
    },
  };
};
