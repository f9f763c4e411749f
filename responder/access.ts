// Who may use the cache, from the configuration: tokens that are followed on disk, or nobody is asked.
import type { ResponderConfig } from "#contract/env";
import { systemClock, systemTimers } from "#lib/clock";
import type { Check } from "#lib/health";
import type { Log } from "#telemetry/logger";
import { createTokenAuth, noAuth, type Auth } from "./auth/auth.ts";
import { followTokens } from "./auth/token-files.ts";

export interface Access {
  readonly auth: Auth;
  /** Fails while no token could be read: every client would be turned away. */
  readonly ready: Check;
}

export const createAccess = ({ tokenDir }: Pick<ResponderConfig, "tokenDir">, log: Log): Access => {
  if (tokenDir === undefined) return { auth: noAuth, ready: () => undefined };
  const auth = createTokenAuth(systemClock);
  followTokens({
    dir: tokenDir,
    timers: systemTimers,
    onTokens: (tokens) => {
      auth.setTokens(tokens);
      log.info({ dir: tokenDir, tokens: tokens.length }, "tokens read");
    },
    onProblem: (err) => log.warn({ err, dir: tokenDir }, "tokens not read; the last ones stay in force"),
  });
  return { auth, ready: () => (auth.count() === 0 ? `no token was found in ${tokenDir}` : undefined) };
};
