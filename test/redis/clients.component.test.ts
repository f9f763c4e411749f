// Ordinary client libraries through their ordinary interfaces, with a token: what works against Redis works against ours.
import { createKeyvNonBlocking } from "@keyv/redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reservePort } from "../cluster/ports.ts";
import { waitFor } from "../cluster/wait.ts";
import { redisServerMissing, startRedis, type RunningServer } from "./server.ts";
import { startOurs, tokenDirectory, type TokenDirectory } from "./targets.ts";

const token = "a-token-of-the-tenant";
const bytes = Buffer.from([0, 0xff, 0x0d, 0x0a, 0x80]);

let tokens: TokenDirectory;
beforeAll(async () => void (tokens = await tokenDirectory(token)));
afterAll(async () => tokens[Symbol.asyncDispose]());

const collect = async <T>(stream: AsyncIterable<T[]>): Promise<T[]> => {
  const all: T[] = [];
  for await (const some of stream) all.push(...some);
  return all;
};

describe.each([
  { name: "ours", missing: undefined, start: () => startOurs({ KVR_TOKEN_DIR: tokens.path }) },
  // keeps the tests honest: they ask for nothing that Redis does not do
  { name: "redis", missing: redisServerMissing, start: () => startRedis({ requirepass: token }) },
])("against $name", ({ missing, start }) => {
  if (missing !== undefined) return test.skip(missing);
  let server: RunningServer;
  beforeAll(async () => void (server = await start()));
  afterAll(async () => server[Symbol.asyncDispose]());

  test("ioredis: values, pipeline, transaction, scan, events", async () => {
    const client = new Redis({ host: server.host, port: server.port, username: "default", password: token, connectionName: "shop" });
    try {
      await client.flushall();
      expect(await client.set("a", "1", "EX", 100, "NX")).toBe("OK");
      expect(await client.set("a", "2", "EX", 100, "NX")).toBeNull();
      expect(await client.set("a", "3", "GET")).toBe("1");
      await client.set("bytes", bytes);
      expect(await client.getBuffer("bytes")).toEqual(bytes);
      expect(await client.mset({ b: "2", c: "3" })).toBe("OK");
      expect(await client.mget("a", "b", "c", "none")).toEqual(["3", "2", "3", null]);
      expect(await client.client("GETNAME")).toBe("shop");

      const pipeline = await client.pipeline().incr("n").incrby("n", 41).get("n").hset("h", "f", "1").del("n").exec();
      expect(pipeline?.map(([err, value]) => (err === null ? value : "error")).toSpliced(3, 1)).toEqual([1, 42, "42", 1]);

      expect(await client.multi().set("t", "1").incr("t").get("t").exec()).toEqual([[null, "OK"], [null, 2], [null, "2"]]);
      const mixed = await client.multi().set("t", "abc").incr("t").get("t").exec();
      expect(mixed?.map(([err, value]) => err?.message ?? value)).toEqual(["OK", "ERR value is not an integer or out of range", "abc"]);

      const wanted = Array.from({ length: 500 }, (_, i) => `page:${i}`);
      await client.mset(Object.fromEntries(wanted.map((key) => [key, "x"])));
      const found = await collect<string>(client.scanStream({ match: "page:*", count: 50 }));
      expect([...new Set(found)].toSorted()).toEqual(wanted.toSorted());
      expect(await client.unlink(wanted)).toBe(500);
      await expect(client.call("NONSENSE")).rejects.toThrow("ERR unknown command 'NONSENSE'");
    } finally {
      client.disconnect();
    }
  });

  test("ioredis: a wrong token is an error that says so", async () => {
    const client = new Redis({ host: server.host, port: server.port, password: "not-the-token", lazyConnect: true, retryStrategy: () => null });
    const errors: string[] = [];
    client.on("error", (err: Error) => errors.push(err.message));
    await expect(client.connect().then(() => client.get("a"))).rejects.toThrow();
    client.disconnect();
    expect(errors.join()).toContain("WRONGPASS");
  });

  test.each([2, 3] as const)("node-redis over RESP%i: values, transaction, scan, pipelining", async (RESP) => {
    const client = createClient({ RESP, socket: { host: server.host, port: server.port }, username: "default", password: token, name: "shop" });
    client.on("error", () => {});
    await client.connect();
    try {
      await client.flushAll();
      expect(await client.ping()).toBe("PONG");
      expect(await client.set("a", "1", { expiration: { type: "EX", value: 100 }, condition: "NX" })).toBe("OK");
      expect(await client.set("a", "2", { condition: "NX" })).toBeNull();
      expect(await client.set("a", "3", { condition: "XX", GET: true, expiration: "KEEPTTL" })).toBe("1");
      expect(await client.ttl("a")).toBeGreaterThan(90);
      expect(await client.getEx("a", { type: "PX", value: 1_000_000 })).toBe("3");
      expect(await client.pTTL("a")).toBeGreaterThan(900_000);
      expect(await client.getDel("a")).toBe("3");
      expect(await client.mSet([["b", "2"], ["c", "3"]])).toBe("OK");
      expect(await client.mGet(["b", "none", "c"])).toEqual(["2", null, "3"]);
      expect(await client.exists(["b", "c", "none"])).toBe(2);
      expect(await client.type("b")).toBe("string");
      expect(await client.append("b", "22")).toBe(3);
      expect(await client.getRange("b", 1, -1)).toBe("22");

      expect(await client.multi().set("t", "1").incr("t").get("t").exec()).toEqual(["OK", 2, "2"]);
      expect(await Promise.all(Array.from({ length: 300 }, () => client.incr("n")))).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));

      const wanted = Array.from({ length: 300 }, (_, i) => `page:${i}`);
      await client.mSet(wanted.map((key): [string, string] => [key, "x"]));
      const found = await collect(client.scanIterator({ MATCH: "page:*", COUNT: 20, TYPE: "string" }));
      expect([...new Set(found)].toSorted()).toEqual(wanted.toSorted());
      expect((await client.keys("page:1?")).length).toBe(10);
      expect(await client.del(wanted)).toBe(300);

      expect(await client.clientGetName()).toBe("shop");
      expect(await client.clientId()).toBeGreaterThan(0);
      expect(await client.info("server")).toContain("redis_version:");
      expect(await client.dbSize()).toBe(4);
      await expect(client.incr("b").then(() => client.incr("none2")).then(() => client.sendCommand(["NONSENSE"]))).rejects.toThrow("unknown command");
    } finally {
      client.destroy();
    }
  });

  test("keyv with @keyv/redis: namespaces, ttl, delete, clear", async () => {
    const url = `redis://default:${token}@${server.host}:${server.port}`;
    const users = createKeyvNonBlocking(url, { namespace: "users", throwOnErrors: true });
    const pages = createKeyvNonBlocking(url, { namespace: "pages", throwOnErrors: true });
    const failures: unknown[] = [];
    for (const cache of [users, pages]) cache.on("error", (err) => failures.push(err));
    try {
      expect(await users.set("1", { name: "Ada", tags: ["x"] })).toBe(true);
      expect(await pages.set("1", "<html>")).toBe(true);
      expect(await users.get("1")).toEqual({ name: "Ada", tags: ["x"] });
      expect(await users.get("2")).toBeUndefined();
      expect(await users.has("1")).toBe(true);
      await users.setMany([{ key: "2", value: 2 }, { key: "3", value: 3 }]);
      expect(await users.getMany(["1", "2", "none"])).toEqual([{ name: "Ada", tags: ["x"] }, 2, undefined]);
      expect(await users.delete("2")).toBe(true);
      expect(await users.delete("2")).toBe(false);
      expect(await users.deleteMany(["3", "none"])).toBe(true);
      await users.set("brief", "x", 50);
      await waitFor("the entry's time to pass", async () => (await users.get("brief")) === undefined, { timeoutMs: 10_000, intervalMs: 10 });
      await users.clear();
      expect(await users.get("1")).toBeUndefined();
      expect(await pages.get("1")).toBe("<html>");
      expect(failures).toEqual([]);
    } finally {
      await Promise.all([users.disconnect(), pages.disconnect()]);
    }
  });
});

test("ioredis comes back by itself after the server was replaced at the same address", async () => {
  const reserved = await reservePort();
  const env = { KVR_TOKEN_DIR: tokens.path, KVR_RESP_PORT: String(reserved.port) };
  const client = new Redis({ host: "127.0.0.1", port: reserved.port, password: token, lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on("error", () => {});
  try {
    const first = await startOurs(env);
    await client.connect();
    await client.set("a", "1");
    await first[Symbol.asyncDispose]();
    const waiting = client.set("b", "2");
    await using stack = new AsyncDisposableStack();
    stack.use(await startOurs(env));
    expect(await waiting).toBe("OK");
    expect(await client.mget("a", "b")).toEqual([null, "2"]);
  } finally {
    client.disconnect();
    reserved.release();
  }
});
