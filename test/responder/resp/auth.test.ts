// Tokens over the Redis protocol: who may do what before and after, and when tokens change.
import { describe, expect, test } from "vitest";
import { createTokenAuth } from "../../../responder/auth/auth.ts";
import { bulk, createDialogue, error, nil, ok } from "./clients.ts";

const noAuth = error("NOAUTH Authentication required.");
const wrongPass = error("WRONGPASS invalid username-password pair or user is disabled.");

const withTokens = (...tokens: string[]) => {
  const auth = createTokenAuth({ monotonic: () => 0 });
  auth.setTokens(tokens.map((token) => Buffer.from(token)));
  return { auth, ...createDialogue({ auth }) };
};

test("nothing but logging in works before a token is shown", async () => {
  const { ask } = withTokens("secret");
  for (const command of ["GET a", "PING", "INFO", "CLIENT ID", "MULTI", "COMMAND"]) expect(await ask(command)).toBe(noAuth);
  expect(await ask("HELLO 3")).toMatch(/^-NOAUTH HELLO must be called with the client already authenticated/);
  expect(await ask("RESET")).toBe("+RESET\r\n");
  expect(await ask("NONSENSE")).toMatch(/^-ERR unknown command/);
  expect(await ask("QUIT")).toBe(ok);
});

test.each([["AUTH secret"], ["AUTH default secret"], ["AUTH other"], ["HELLO 3 AUTH default secret"]])("%s logs in", async (command) => {
  const { ask } = withTokens("secret", "other");
  expect(await ask(command)).not.toMatch(/^-/);
  expect(await ask("PING")).toBe("+PONG\r\n");
  await ask("RESET");
  expect(await ask("PING")).toBe(noAuth);
});

test.each([["AUTH wrong"], ["AUTH default wrong"], ["AUTH admin secret"], ["HELLO 2 AUTH default wrong"], ["HELLO 2 AUTH admin secret"]])("%s does not", async (command) => {
  const { ask, series } = withTokens("secret");
  expect(await ask(command)).toBe(wrongPass);
  expect(await ask("PING")).toBe(noAuth);
  expect(await series('kv_auth_failures_total{protocol="resp",result="denied"}')).toBe(1);
});

test("a token that failed does not end a login", async () => {
  const { ask } = withTokens("secret");
  await ask("AUTH secret");
  expect(await ask("AUTH wrong")).toBe(wrongPass);
  expect(await ask("PING")).toBe("+PONG\r\n");
});

test("AUTH has two forms", async () => {
  const { ask } = withTokens("secret");
  expect(await ask("AUTH a b c")).toBe(error("ERR syntax error"));
  expect(await ask("AUTH")).toBe(error("ERR wrong number of arguments for 'auth' command"));
});

test("too many failures from one address are not even looked at, and the connection is closed", async () => {
  const { ask, client, series } = withTokens("secret");
  for (let i = 0; i < 10; i++) expect(await ask("AUTH wrong")).toBe(wrongPass);
  expect(await ask("AUTH secret")).toMatch(/^-ERR too many failed logins from this address/);
  expect(client.isFinished).toBe(true);
  expect(await series('kv_auth_failures_total{protocol="resp",result="throttled"}')).toBe(1);
});

describe("when the tokens change", () => {
  test("a client whose token still is one goes on", async () => {
    const { ask, auth } = withTokens("old");
    await ask("AUTH old");
    auth.setTokens([Buffer.from("new"), Buffer.from("old")]);
    expect(await ask("GET a")).toBe(nil);
  });

  test("a client whose token is gone is told so and closed", async () => {
    const { ask, auth, client } = withTokens("old");
    await ask("AUTH old");
    expect(await ask("SET a 1")).toBe(ok);
    auth.setTokens([Buffer.from("new")]);
    expect(await ask("GET a")).toBe(noAuth);
    expect(client.isFinished).toBe(true);
  });

  test("it may show the new one instead", async () => {
    const { ask, auth, client } = withTokens("old");
    await ask("AUTH old");
    auth.setTokens([Buffer.from("new")]);
    expect(await ask("AUTH new")).toBe(ok);
    expect(await ask("ECHO a")).toBe(bulk("a"));
    expect(client.isFinished).toBe(false);
  });
});

test("where no token is asked for, AUTH says so", async () => {
  const { ask } = createDialogue();
  expect(await ask("AUTH x")).toMatch(/^-ERR AUTH <password> called without any password configured/);
  expect(await ask("AUTH default x")).toBe(ok);
  expect(await ask("AUTH admin x")).toBe(wrongPass);
});
