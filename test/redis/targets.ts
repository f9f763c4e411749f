// The two servers side by side: ours as a process and a real Redis.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { startResponder } from "../responder/process.ts";
import { redisServerMissing, startRedis, type Endpoint, type RunningServer } from "./server.ts";

/** Without a token, unless `env` names a directory of them. */
export const startOurs = async (env: Readonly<Record<string, string>> = {}): Promise<RunningServer> => {
  const responder = await startResponder({ KVR_RESP_PORT: "0", ...env });
  const serving = responder.lines.find((line) => line.msg === "serving");
  if (serving?.["resp"] === undefined) throw new Error("the responder serves no Redis protocol");
  const { host, port } = serving["resp"] as Endpoint;
  return { host, port, [Symbol.asyncDispose]: () => responder[Symbol.asyncDispose]() };
};

export interface TokenDirectory extends AsyncDisposable {
  readonly path: string;
}

/** A directory with one token, as a mounted Secret is. */
export const tokenDirectory = async (token: string): Promise<TokenDirectory> => {
  const path = await mkdtemp(join(tmpdir(), "kvr-tokens-"));
  await writeFile(join(path, "token"), token);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
};

export interface BothServers extends AsyncDisposable {
  readonly ours: Endpoint;
  readonly redis: Endpoint;
  /** Ours first. */
  readonly both: readonly [Endpoint, Endpoint];
}

const startBoth = async (password?: string): Promise<BothServers> => {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis(password === undefined ? {} : { requirepass: password }));
  const tokens = password === undefined ? undefined : stack.use(await tokenDirectory(password));
  const ours = stack.use(await startOurs(tokens && { KVR_TOKEN_DIR: tokens.path }));
  const owned = stack.move();
  return { ours, redis, both: [ours, redis], [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

/** Tests that share one pair of servers, which ask for the password when there is one. Skipped, by name, where there is no Redis. */
export const besideRedis = (tests: (servers: () => BothServers) => void, password?: string): void => {
  describe.skipIf(redisServerMissing !== undefined)(redisServerMissing ?? (password === undefined ? "beside Redis" : "beside Redis, with a token"), () => {
    let servers: BothServers;
    beforeAll(async () => void (servers = await startBoth(password)));
    afterAll(async () => servers[Symbol.asyncDispose]());
    tests(() => servers);
  });
};
