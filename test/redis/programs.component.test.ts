// The programs that people try first, redis-cli and redis-benchmark, and Python's client, with a token.
import { spawnSync, execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lackOf, redisServerMissing, startRedis, type RunningServer } from "./server.ts";
import { startOurs, tokenDirectory, type TokenDirectory } from "./targets.ts";

const run = promisify(execFile);
const token = "a-token-of-the-tenant";
const toolsMissing = lackOf("redis-cli", "redis-tools");

/** The system's Python has the Debian package; another one on the PATH may hide it. */
const python = ["/usr/bin/python3", "python3"].find((program) => spawnSync(program, ["-c", "import redis"]).status === 0);
const pythonMissing = python === undefined ? "no python3 that can import redis; install the Debian package python3-redis" : undefined;

let tokens: TokenDirectory;
beforeAll(async () => void (tokens = await tokenDirectory(token)));
afterAll(async () => tokens[Symbol.asyncDispose]());

describe.each([
  { name: "ours", missing: undefined, start: () => startOurs({ KVR_TOKEN_DIR: tokens.path }) },
  { name: "redis", missing: redisServerMissing, start: () => startRedis({ requirepass: token }) },
])("against $name", ({ missing, start }) => {
  if (missing !== undefined) return test.skip(missing);
  let server: RunningServer;
  beforeAll(async () => void (server = await start()));
  afterAll(async () => server[Symbol.asyncDispose]());

  const address = () => ["-h", server.host, "-p", String(server.port)];
  const cli = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await run("redis-cli", [...address(), "--user", "default", "--pass", token, "--no-auth-warning", ...args]);
    expect(stderr).toBe("");
    return stdout.trimEnd();
  };

  test("redis-cli", async (context) => {
    context.skip(toolsMissing !== undefined, toolsMissing);
    expect(await cli("PING")).toBe("PONG");
    expect(await cli("FLUSHALL")).toBe("OK");
    expect(await cli("SET", "greeting", "hello world", "EX", "100")).toBe("OK");
    expect(await cli("GET", "greeting")).toBe("hello world");
    expect(await cli("-3", "GET", "none")).toBe("");
    expect(await cli("-3", "--no-raw", "MGET", "greeting", "none")).toBe('1) "hello world"\n2) (nil)');
    expect(await cli("-3", "--json", "MGET", "greeting", "none")).toBe('["hello world",null]');
    expect(await cli("--no-raw", "INCR", "n")).toBe("(integer) 1");
    expect(await cli("-r", "3", "-i", "0", "INCR", "n")).toBe("2\n3\n4");
    for (let i = 0; i < 30; i++) await cli("SET", `page:${i}`, "x");
    expect((await cli("--scan", "--pattern", "page:*")).split("\n").toSorted()).toEqual(Array.from({ length: 30 }, (_, i) => `page:${i}`).toSorted());
    expect(await cli("DBSIZE")).toBe("32");
    expect(await cli("INFO", "server")).toMatch(/^# Server\r?\nredis_version:\d+\.\d+\.\d+/);
    expect(await cli("CONFIG", "GET", "maxmemory")).toMatch(/^maxmemory\n\d+$/);
    expect(await cli("NONSENSE")).toBe("ERR unknown command 'NONSENSE', with args beginning with:");
    const { stdout } = await run("redis-cli", [...address(), "--no-auth-warning", "GET", "greeting"]);
    expect(stdout.trim()).toBe("NOAUTH Authentication required.");
  });

  test("redis-cli reads commands from its standard input, as a pipe and in bulk", async (context) => {
    context.skip(toolsMissing !== undefined, toolsMissing);
    const feed = (input: string, ...args: string[]) => {
      const { stdout, status } = spawnSync("redis-cli", [...address(), "--pass", token, "--no-auth-warning", ...args], { input, encoding: "utf8" });
      return { stdout, status };
    };
    expect(feed('SET a "x y"\nGET a\nMULTI\nINCR m\nEXEC\n')).toEqual({ status: 0, stdout: "OK\nx y\nOK\nQUEUED\n1\n" });
    const commands = Array.from({ length: 2_000 }, (_, i) => `SET bulk:${i} ${i}\r\n`).join("");
    const piped = feed(commands, "--pipe");
    expect(piped.stdout).toContain("errors: 0, replies: 2000");
    expect(piped.status).toBe(0);
  });

  test("redis-benchmark ends without an error", async (context) => {
    context.skip(toolsMissing !== undefined, toolsMissing);
    const tests = ["ping_inline", "ping_mbulk", "set", "get", "incr", "mset"];
    for (const pipeline of ["1", "16"]) {
      const { stdout, stderr } = await run("redis-benchmark", [...address(), "--user", "default", "-a", token, "-t", tests.join(), "-n", "3000", "-c", "20", "-P", pipeline, "-r", "1000", "-d", "100", "--csv"]);
      expect(stderr).toBe("");
      const rows = stdout.trim().split("\n");
      expect(rows.slice(1).map((row) => row.split(",")[0])).toEqual(['"PING_INLINE"', '"PING_MBULK"', '"SET"', '"GET"', '"INCR"', '"MSET (10 keys)"']);
    }
  });

  test("redis-py", async (context) => {
    context.skip(pythonMissing !== undefined, pythonMissing);
    await run(python as string, [join(import.meta.dirname, "redis-py.py"), server.host, String(server.port), token]);
  });
});
