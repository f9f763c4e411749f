// The client and its connection: PING, HELLO, AUTH, SELECT and so on.
import { login } from "../credentials.ts";
import { readInteger } from "../numbers.ts";
import { redisVersion } from "../version.ts";
import type { Call, Command } from "./command.ts";
import { notInteger, syntaxError, wrongArity } from "./errors.ts";
import { abandon } from "./transactions.ts";

const ping = ({ args, reply }: Call): void => {
  if (args.count > 2) return reply.error(wrongArity("ping"));
  if (args.count === 1) reply.pong();
  else reply.bulk(args.buffer(1), args.from[1], args.to[1]);
};

const echo = ({ args, reply }: Call): void => reply.bulk(args.buffer(1), args.from[1], args.to[1]);

const quit = ({ reply, session }: Call): void => {
  session.closing = true;
  reply.ok();
};

const reset = (call: Call): void => {
  const { session, reply, auth } = call;
  abandon(call, session);
  session.stranger = auth.required;
  session.token = undefined;
  session.name = "";
  session.replies = "on";
  session.noEvict = false;
  session.noTouch = false;
  session.protocol = 2;
  reply.protocol = 2;
  reply.simple("RESET");
};

const auth = (call: Call): void => {
  const { args, reply, auth: tokens } = call;
  if (args.count > 3) return reply.error(syntaxError);
  if (!tokens.required && args.count === 2) {
    return reply.error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?");
  }
  const last = args.count - 1;
  if (login(call, last === 2 ? args.text(1) : undefined, args.copy(last))) reply.ok();
};

/** Printable, without spaces: names stand in lists that are split at spaces. */
export const isClientName = (name: string): boolean => /^[!-~]*$/.test(name);
export const badClientName = "ERR Client names cannot contain spaces, newlines or special characters.";

const helloFirst =
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time";

const hello = (call: Call): void => {
  const { args, reply, session } = call;
  let protocol = session.protocol;
  if (args.count > 1) {
    const given = readInteger(args.buffer(1), args.from[1] as number, args.to[1] as number);
    if (Number.isNaN(given)) return reply.error("ERR Protocol version is not an integer or out of range");
    if (given !== 2 && given !== 3) return reply.error("NOPROTO unsupported protocol version");
    protocol = given;
  }
  // each option has its effect, even if one after it is wrong
  for (let i = 2; i < args.count; i++) {
    const option = args.word(i);
    if (option === "auth" && i + 2 < args.count) {
      if (!login(call, args.text(i + 1), args.copy(i + 2))) return;
      i += 2;
    } else if (option === "setname" && i + 1 < args.count) {
      const name = args.text(++i);
      if (!isClientName(name)) return reply.error(badClientName);
      session.name = name;
    } else {
      return reply.error(`ERR Syntax error in HELLO option '${args.shown(i)}'`);
    }
  }
  if (session.stranger) return reply.error(helloFirst);
  session.protocol = protocol;
  reply.protocol = protocol;
  reply.map(7);
  reply.text("server");
  reply.text("redis");
  reply.text("version");
  reply.text(redisVersion);
  reply.text("proto");
  reply.integer(protocol);
  reply.text("id");
  reply.integer(session.id);
  reply.text("mode");
  reply.text("standalone");
  reply.text("role");
  reply.text("master");
  reply.text("modules");
  reply.array(0);
};

const select = ({ args, reply }: Call): void => {
  const index = readInteger(args.buffer(1), args.from[1] as number, args.to[1] as number);
  if (Number.isNaN(index)) reply.error(notInteger);
  else if (index === 0) reply.ok();
  else reply.error("ERR DB index is out of range");
};

const always = ["loading", "stale", "fast", "noscript"] as const;

export const connectionCommands: readonly Command[] = [
  { name: "ping", arity: -1, flags: ["fast"], group: "connection", since: "1.0.0", complexity: "O(1)", summary: "Ping the server", run: ping },
  { name: "echo", arity: 2, flags: ["fast"], group: "connection", since: "1.0.0", complexity: "O(1)", summary: "Echo the given string", run: echo },
  { name: "quit", arity: -1, flags: [...always, "no_auth"], group: "connection", since: "1.0.0", complexity: "O(1)", summary: "Close the connection", immediate: true, run: quit },
  { name: "reset", arity: 1, flags: [...always, "no_auth"], group: "connection", since: "6.2.0", complexity: "O(1)", summary: "Reset the connection", immediate: true, run: reset },
  {
    name: "auth",
    arity: -2,
    flags: [...always, "no_auth"],
    group: "connection",
    since: "1.0.0",
    complexity: "O(N) where N is the number of tokens",
    summary: "Authenticate to the server",
    difference: "The password is one of the tenant's tokens, the only user is default. An address that fails too often must wait.",
    run: auth,
  },
  {
    name: "hello",
    arity: -1,
    flags: [...always, "no_auth"],
    group: "connection",
    since: "6.0.0",
    complexity: "O(1)",
    summary: "Handshake with Redis",
    difference: "The version is that of the Redis whose commands these are.",
    run: hello,
  },
  { name: "select", arity: 2, flags: ["fast", "loading", "stale"], group: "connection", since: "1.0.0", complexity: "O(1)", summary: "Change the selected database for the current connection", difference: "There is one database, 0.", run: select },
];
