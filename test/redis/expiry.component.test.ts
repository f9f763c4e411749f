// Entries whose time passes while somebody looks: what can be seen of it is the same as with Redis.
import { expect, test } from "vitest";
import { waitFor } from "../cluster/wait.ts";
import { open, type Connection } from "./connection.ts";
import { show } from "./reply.ts";
import { besideRedis } from "./targets.ts";

const soonMs = "60";

/** What a client can find out about a key, in one line. */
const seen = async (connection: Connection, key: string): Promise<string> => {
  const asked = [["GET", key], ["EXISTS", key], ["TTL", key], ["PTTL", key], ["EXPIRETIME", key], ["TYPE", key], ["STRLEN", key], ["KEYS", "*"], ["SCAN", "0"], ["MGET", key], ["PERSIST", key], ["EXPIRE", key, "100"], ["GETDEL", key], ["TOUCH", key], ["DEL", key], ["DBSIZE"]];
  const replies = [];
  for (const command of asked) replies.push(show((await connection.call(...command)).raw));
  return replies.join(" ");
};

const gone = (connection: Connection, key: string) =>
  waitFor("the entry's time to pass", async () => (await connection.call("GET", key)).text === undefined, { timeoutMs: 10_000, intervalMs: 5 });

/** Ways to give an entry an end, each from nothing. */
const endings: Readonly<Record<string, readonly string[][]>> = {
  "SET with PX": [["SET", "k", "v", "PX", soonMs]],
  "PSETEX": [["PSETEX", "k", soonMs, "v"]],
  "PEXPIRE": [["SET", "k", "v"], ["PEXPIRE", "k", soonMs]],
  "GETEX": [["SET", "k", "v", "EX", "1000"], ["GETEX", "k", "PX", soonMs]],
  "KEEPTTL, which keeps it": [["SET", "k", "v", "PX", soonMs], ["SET", "k", "w", "KEEPTTL"]],
  "INCR, APPEND and SETRANGE, which keep it": [["SET", "k", "1", "PX", soonMs], ["INCR", "k"], ["APPEND", "k", "2"], ["SETRANGE", "k", "0", "3"]],
  "a transaction": [["MULTI"], ["SET", "k", "v"], ["PEXPIRE", "k", soonMs], ["EXEC"]],
};

besideRedis((servers) => {
  test("an entry whose time is over is gone for every command", async () => {
    for (const [name, commands] of Object.entries(endings)) {
      const [ours, redis] = await Promise.all(
        servers().both.map(async (endpoint) => {
          using connection = await open(endpoint);
        await connection.call("FLUSHALL");
          for (const command of commands) await connection.call(...command);
          await gone(connection, "k");
          const after = await seen(connection, "k");
          // nothing of the old one comes back with the name
          await connection.call("SET", "k", "new");
          return `${after} ${await seen(connection, "k")}`;
        }),
      );
      expect(ours, name).toBe(redis);
    }
  });

  test("an end in the past removes at once; one taken away does not come", async () => {
    const commands = [
      ["SET", "a", "1"], ["EXPIRE", "a", "-1"], ["GET", "a"],
      ["SET", "a", "1"], ["PEXPIREAT", "a", "1"], ["EXISTS", "a"],
      ["SET", "a", "1", "PXAT", "1"], ["GET", "a"], ["DBSIZE"],
      ["SET", "a", "1", "EX", "0"], ["SET", "a", "1", "EX", "-5"], ["GET", "a"],
      ["SET", "a", "1"], ["GETEX", "a", "EXAT", "1"], ["GET", "a"],
      ["SET", "p", "1", "PX", soonMs], ["PERSIST", "p"], ["SET", "q", "1", "PX", soonMs], ["SET", "q", "2"], ["SET", "r", "1", "PX", soonMs], ["GETEX", "r", "PERSIST"],
      ["SET", "clock", "1", "PX", "120"],
    ];
    const [ours, redis] = await Promise.all(
      servers().both.map(async (endpoint) => {
        using connection = await open(endpoint);
        await connection.call("FLUSHALL");
        const replies = [];
        for (const command of commands) replies.push(show((await connection.call(...command)).raw));
        await gone(connection, "clock");
        for (const key of ["p", "q", "r"]) replies.push(show((await connection.call("GET", key)).raw), show((await connection.call("PTTL", key)).raw));
        return replies.join(" ");
      }),
    );
    expect(ours).toBe(redis);
  });

  test("entries that nobody reads leave DBSIZE by themselves", async () => {
    await Promise.all(
      servers().both.map(async (endpoint) => {
        using connection = await open(endpoint);
        await connection.call("FLUSHALL");
        for (let i = 0; i < 200; i++) await connection.call("SET", `k:${i}`, "v", "PX", soonMs);
        await connection.call("SET", "stays", "v");
        await waitFor("one entry to be left", async () => (await connection.call("DBSIZE")).text === "1", { timeoutMs: 10_000, intervalMs: 20 });
      }),
    );
  });
});
