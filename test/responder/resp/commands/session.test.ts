// Commands about the connection, the server and its clients.
import { describe, expect, test } from "vitest";
import { array, bulk, createDialogue, createService, error, frame, integer, nil, ok, words } from "../clients.ts";
import type { TestSocket } from "../socket.ts";
import { tells } from "./dialogue.ts";

const syntax = error("ERR syntax error");
const badName = error("ERR Client names cannot contain spaces, newlines or special characters.");

tells("PING, ECHO, SELECT", [
  ["PING", "+PONG\r\n"],
  ["PING hello", bulk("hello")],
  ["PING a b", error("ERR wrong number of arguments for 'ping' command")],
  ["ECHO hello", bulk("hello")],
  ["SELECT 0", ok],
  ["SELECT 1", error("ERR DB index is out of range")],
  ["SELECT a", error("ERR value is not an integer or out of range")],
]);

test("QUIT is answered, and the connection closed", async () => {
  const { say, client } = createDialogue();
  expect(await say("QUIT\r\nPING\r\n")).toBe(ok);
  expect(client.isFinished).toBe(true);
});

describe("HELLO", () => {
  tells("errors", [
    ["HELLO 4", error("NOPROTO unsupported protocol version")],
    ["HELLO x", error("ERR Protocol version is not an integer or out of range")],
    ["HELLO 3 WHAT", error("ERR Syntax error in HELLO option 'WHAT'")],
    ["HELLO 3 AUTH default", error("ERR Syntax error in HELLO option 'AUTH'")],
    ["HELLO 3 SETNAME bad\nname", badName],
    ["GET none", nil],
  ]);

  test("changes the protocol for this client alone", async () => {
    const { ask, connect } = createDialogue();
    const answer = await ask("HELLO 3 SETNAME me");
    expect(answer.startsWith(`%7\r\n${bulk("server")}${bulk("redis")}${bulk("version")}${bulk("7.0.15")}${bulk("proto")}${integer(3)}`)).toBe(true);
    expect(await ask("GET none")).toBe("_\r\n");
    expect(await ask("CLIENT GETNAME")).toBe(bulk("me"));
    const other = connect();
    await other.arrive(words("GET none"));
    expect(other.sent()).toBe(nil);
    expect(await ask("HELLO 2")).toMatch(/^\*14\r\n/);
    expect(await ask("GET none")).toBe(nil);
  });
});

test("RESET makes a new client of the old one", async () => {
  const { ask } = createDialogue();
  await ask("HELLO 3 SETNAME me");
  await ask("MULTI");
  expect(await ask("RESET")).toBe("+RESET\r\n");
  expect(await ask("GET none")).toBe(nil);
  expect(await ask("CLIENT GETNAME")).toBe(nil);
  expect(await ask("EXEC")).toBe(error("ERR EXEC without MULTI"));
});

describe("CLIENT", () => {
  tells("about itself", [
    ["CLIENT ID", integer(1)],
    ["CLIENT GETNAME", nil],
    ["CLIENT SETNAME me", ok],
    ["CLIENT GETNAME", bulk("me")],
    ["CLIENT SETNAME a\nb", badName],
    ['CLIENT SETNAME ""', ok],
    ["CLIENT GETNAME", nil],
    ["CLIENT SETINFO LIB-NAME redis-rs", ok],
    ["CLIENT SETINFO LIB-VER 1.0", ok],
    ["CLIENT SETINFO LIB-AGE 1", error("ERR Unrecognized option 'LIB-AGE'")],
    ["CLIENT NO-EVICT ON", ok],
    ["CLIENT NO-TOUCH off", ok],
    ["CLIENT NO-TOUCH maybe", syntax],
    ["CLIENT WHAT", error("ERR unknown subcommand 'WHAT'. Try CLIENT HELP.")],
    ["CLIENT", error("ERR wrong number of arguments for 'client' command")],
    ["CLIENT ID 1", error("ERR wrong number of arguments for 'client|id' command")],
  ]);

  test("INFO and LIST say who is there", async () => {
    const { ask, connect, time } = createDialogue();
    const other = connect();
    await ask("CLIENT SETNAME me");
    time.advance(3000);
    await other.arrive(words("CLIENT SETINFO LIB-NAME lib"));
    expect(await ask("CLIENT INFO")).toMatch(/\r\nid=1 addr=127\.0\.0\.1:1234 laddr=127\.0\.0\.1:6379 fd=1 name=me age=3 idle=0 flags=N db=0 .* cmd=client\|info user=default redir=-1 resp=2 lib-name= lib-ver=\n\r\n$/);
    const list = await ask("CLIENT LIST");
    expect(list.match(/id=\d/g)).toEqual(["id=1", "id=2"]);
    expect(list).toContain("lib-name=lib");
    expect(await ask("CLIENT LIST ID 2 9")).toMatch(/^\$\d+\r\nid=2 [^\n]*\n\r\n$/);
    expect(await ask("CLIENT LIST TYPE pubsub")).toBe(bulk(""));
    expect(await ask("CLIENT LIST TYPE normal")).toContain("id=2");
    expect(await ask("CLIENT LIST TYPE odd")).toBe(error("ERR Unknown client type 'odd'"));
    expect(await ask("CLIENT LIST ID x")).toBe(error("ERR Invalid client ID"));
    expect(await ask("CLIENT LIST WHAT 1")).toBe(syntax);
  });

  test("KILL closes others, and itself after the answer", async () => {
    const { ask, connect, client } = createDialogue();
    const other = connect();
    expect(await ask("CLIENT KILL 1.2.3.4:5")).toBe(error("ERR No such client"));
    expect(await ask("CLIENT KILL ID 0")).toBe(error("ERR client-id should be greater than 0"));
    expect(await ask("CLIENT KILL ID 1 WHAT x")).toBe(syntax);
    expect(await ask("CLIENT KILL ID 1")).toBe(integer(0));
    expect(await ask("CLIENT KILL USER nobody SKIPME no")).toBe(error("ERR No such user 'nobody'"));
    expect(await ask("CLIENT KILL TYPE pubsub ID 2")).toBe(integer(0));
    expect(await ask("CLIENT KILL TYPE odd ID 2")).toBe(error("ERR Unknown client type 'odd'"));
    expect(other.isFinished).toBe(false);
    expect(await ask("CLIENT KILL ID 2 LADDR 127.0.0.1:6379 TYPE normal")).toBe(integer(1));
    expect(other.isFinished).toBe(true);
    expect(await ask("CLIENT KILL ADDR 127.0.0.1:1234 SKIPME no")).toBe(integer(2));
    expect(client.isFinished).toBe(true);
  });

  test("REPLY silences one command, or all until it is switched on again", async () => {
    const { ask, say } = createDialogue();
    expect(await ask("CLIENT REPLY SKIP")).toBe("");
    expect(await ask("SET a 1")).toBe("");
    expect(await ask("GET a")).toBe(bulk("1"));
    expect(await ask("CLIENT REPLY OFF")).toBe("");
    expect(await say("SET a 2\r\nnonsense\r\nCLIENT REPLY SKIP\r\nGET a\r\n")).toBe("");
    expect(await ask("CLIENT REPLY ON")).toBe(ok);
    expect(await ask("GET a")).toBe(bulk("2"));
    expect(await ask("CLIENT REPLY WHAT")).toBe(syntax);
  });
});

describe("the server", () => {
  test("INFO tells its sections", async () => {
    const { ask, connect, time } = createDialogue();
    connect();
    await ask("SET a 1");
    await ask("SET b 1 EX 10");
    time.advance(90_000_000);
    const all = await ask("INFO");
    expect(all.match(/# \w+/g)).toEqual(["# Server", "# Clients", "# Memory", "# Persistence", "# Stats", "# Replication", "# CPU", "# Cluster", "# Keyspace"]);
    for (const line of ["redis_version:7.0.15", "kv_responder_version:1.2.3", "tenant:acme", "uptime_in_days:1", "connected_clients:2", "loading:0", "role:master", "total_commands_processed:3", "maxmemory_policy:allkeys-lfu"]) expect(all).toContain(`${line}\r\n`);
    const some = await ask("INFO keyspace cluster");
    expect(some.match(/# \w+/g)).toEqual(["# Cluster", "# Keyspace"]);
    expect(await ask("INFO nothing")).toBe(bulk(""));
    expect(await ask("CONFIG RESETSTAT")).toBe(ok);
    expect(await ask("INFO stats")).toContain("total_commands_processed:1\r\n");
  });

  tells("CONFIG, TIME", [
    ["CONFIG GET maxmemory-policy", array(bulk("maxmemory-policy"), bulk("allkeys-lfu"))],
    ["CONFIG GET SAVE append*", array(bulk("appendonly"), bulk("no"), bulk("save"), bulk(""))],
    ["CONFIG GET none", array()],
    ["CONFIG SET maxmemory 1", error("ERR CONFIG SET is not supported; change the KVResponder resource")],
    ["CONFIG REWRITE", error("ERR unknown subcommand 'REWRITE'. Try CONFIG HELP.")],
    ["TIME", array(bulk("1700000000"), bulk("0"))],
  ]);
});

describe("COMMAND", () => {
  test("tells the table", async () => {
    const { ask } = createDialogue();
    const count = Number(/^:(\d+)/.exec(await ask("COMMAND COUNT"))?.[1]);
    expect(count).toBeGreaterThan(50);
    expect((await ask("COMMAND")).startsWith(`*${count}\r\n*10\r\n${bulk("get")}${integer(2)}*2\r\n+readonly\r\n+fast\r\n${integer(1)}${integer(1)}${integer(1)}*3\r\n+@string\r\n+@read\r\n+@fast\r\n*0\r\n*0\r\n*0\r\n`)).toBe(true);
    expect((await ask("COMMAND INFO")).startsWith(`*${count}\r\n`)).toBe(true);
    expect((await ask("COMMAND LIST")).startsWith("*")).toBe(true);
  });

  tells("about some", [
    ["COMMAND INFO none", array(nil)],
    ["COMMAND DOCS get none", array(bulk("get"), array(...["summary", "Get the value of a key", "since", "1.0.0", "group", "string", "complexity", "O(1)"].map(bulk)))],
    ["COMMAND LIST FILTERBY PATTERN get?*", array(...["getset", "getdel", "getex", "getrange"].map(bulk))],
    ["COMMAND LIST FILTERBY ACLCAT transaction", array(...["multi", "exec", "discard"].map(bulk))],
    ["COMMAND LIST FILTERBY MODULE x", array()],
    ["COMMAND LIST FILTERBY WHAT x", syntax],
    ["COMMAND LIST x", syntax],
    ["COMMAND GETKEYS MSET a 1 b 2", array(bulk("a"), bulk("b"))],
    ["COMMAND GETKEYS OBJECT ENCODING k", array(bulk("k"))],
    ["COMMAND GETKEYS PING x", error("ERR The command has no key arguments")],
    ["COMMAND GETKEYS none x", error("ERR Invalid command specified")],
    ["COMMAND GETKEYS SET x", error("ERR Invalid number of arguments specified for command")],
    ["COMMAND WHAT", error("ERR unknown subcommand 'WHAT'. Try COMMAND HELP.")],
  ]);
});

describe("MULTI", () => {
  tells("queues, and runs all at once", [
    ["MULTI", ok],
    ["SET a 1", "+QUEUED\r\n"],
    ["INCR a", "+QUEUED\r\n"],
    ["GET a", "+QUEUED\r\n"],
    ["INCRBY a x", "+QUEUED\r\n"],
    ["EXEC", array(ok, integer(2), bulk("2"), error("ERR value is not an integer or out of range"))],
    ["GET a", bulk("2")],
    ["EXEC", error("ERR EXEC without MULTI")],
    ["DISCARD", error("ERR DISCARD without MULTI")],
    ["MULTI", ok],
    ["EXEC", array()],
  ]);

  tells("is discarded", [
    ["SET a 1", ok],
    ["MULTI", ok],
    ["SET a 2", "+QUEUED\r\n"],
    ["MULTI", error("ERR MULTI calls can not be nested")],
    ["DISCARD", ok],
    ["GET a", bulk("1")],
  ]);

  test("is refused when one of the commands was", async () => {
    const { ask } = createDialogue();
    await ask("SET a 1");
    for (const bad of ["nonsense", "GET", "CLIENT WHAT", 'SET "" 1']) {
      await ask("MULTI");
      await ask("SET a 2");
      expect(await ask(bad)).toMatch(/^-ERR /);
      expect(await ask("EXEC")).toBe(error("EXECABORT Transaction discarded because of previous errors."));
    }
    expect(await ask("GET a")).toBe(bulk("1"));
  });

  tells("KEYS inside it is a snapshot", [
    ["MSET a 1 b 1", ok],
    ["MULTI", ok],
    ["KEYS *", "+QUEUED\r\n"],
    ["DEL a", "+QUEUED\r\n"],
    ["EXEC", array(array(bulk("a"), bulk("b")), integer(1))],
  ]);

  test("large arguments wait in their own buffers, which are put, or freed after EXEC, DISCARD or the client's end", async () => {
    const { connect, loose, store } = createService({ ownBufferBytes: 10 });
    const value = "x".repeat(20);
    /** Cut inside the value, so that it is collected apart. */
    const arriveInPieces = async (client: TestSocket, bytes: Buffer) => {
      await client.arrive(bytes.subarray(0, -10));
      await client.arrive(bytes.subarray(-10));
    };
    for (const [end, left, entries] of [["EXEC", 0, 1], ["DISCARD", 0, 0], ["", 2, 0]] as const) {
      store.clear();
      const client = connect();
      await client.arrive(words("MULTI"));
      await arriveInPieces(client, frame("SET", "a", value));
      await arriveInPieces(client, frame("ECHO", value));
      expect(loose.size).toBe(2);
      if (end !== "") await client.arrive(words(end));
      expect(loose.size).toBe(left);
      expect(store.stats().entries).toBe(entries);
      if (end === "EXEC") expect(client.sent().endsWith(array(ok, bulk(value)))).toBe(true);
      client.socket.destroy();
      await new Promise((resolve) => setImmediate(resolve));
      expect(loose.size).toBe(0);
    }
  });

  test("nobody sees the middle of it, and it is gone with its client", async () => {
    const { connect, loose, store } = createService({ ownBufferBytes: 10 });
    const [one, other] = [connect(), connect()];
    await one.arrive(Buffer.concat([words("MULTI"), words("SET a 1"), words(`SET b ${"x".repeat(20)}`)]));
    await other.arrive(words("GET a"));
    expect(other.sent()).toBe(nil);
    one.socket.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.stats().entries).toBe(0);
    expect(loose.size).toBe(0);
  });
});

describe("what is not served", () => {
  tells("is an unknown command", [
    ["FOO", error("ERR unknown command 'FOO', with args beginning with: ")],
    ["FOO a b", error("ERR unknown command 'FOO', with args beginning with: 'a' 'b' ")],
    ["SUBSCRIBE x", error("ERR unknown command 'SUBSCRIBE', with args beginning with: 'x' ")],
    ["WATCH a", error("ERR unknown command 'WATCH', with args beginning with: 'a' ")],
    ["EVAL x 0", error("ERR unknown command 'EVAL', with args beginning with: 'x' '0' ")],
    [`FOO ${"x".repeat(200)} y`, error(`ERR unknown command 'FOO', with args beginning with: '${"x".repeat(128)}' `)],
    [`${"f".repeat(200)}`, error(`ERR unknown command '${"f".repeat(128)}', with args beginning with: `)],
    ["FOO a\r\nb", error("ERR unknown command 'FOO', with args beginning with: 'a  b' ")],
  ]);

  test("is counted", async () => {
    const { ask, series } = createDialogue();
    await ask("FOO");
    await ask("GET a");
    await ask("GET");
    expect(await series('kv_resp_commands_total{group="other",result="error"}')).toBe(1);
    expect(await series('kv_resp_commands_total{group="string",result="ok"}')).toBe(1);
    expect(await series('kv_resp_commands_total{group="string",result="error"}')).toBe(1);
  });
});
