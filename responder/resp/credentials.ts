// Tokens that clients bring with AUTH and HELLO, and what becomes of them when the tokens change.
import type { Call } from "./commands/command.ts";

/** Tokens are the passwords of Redis's default user: other names are unknown. */
const user = "default";
const wrong = "WRONGPASS invalid username-password pair or user is disabled.";
const slowDown = "ERR too many failed logins from this address; wait some seconds and check the token";

/** Whether the client is known from now on; if not, the error is written. */
export const login = (call: Call, name: string | undefined, token: Buffer): boolean => {
  const { auth, session, reply, metrics } = call;
  const verdict = name === undefined || name === user ? auth.check(token, session.host) : "denied";
  if (verdict === "ok") {
    session.stranger = false;
    session.revoked = false;
    session.token = token;
    session.tokenGeneration = auth.generation();
    return true;
  }
  metrics.kv_auth_failures_total.inc({ protocol: "resp", result: verdict });
  reply.error(verdict === "denied" ? wrong : slowDown);
  if (verdict === "throttled") session.closing = true;
  return false;
};

/** After the tokens changed: a client whose token is no longer one of them is a stranger. */
export const recheck = (call: Call): void => {
  const { auth, session } = call;
  if (!auth.required || session.token === undefined || session.tokenGeneration === auth.generation()) return;
  session.tokenGeneration = auth.generation();
  if (auth.check(session.token, session.host) === "ok") return;
  session.token = undefined;
  session.stranger = true;
  session.revoked = true;
};
