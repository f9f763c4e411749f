// What one client may make the server do or hold, and that the others do not feel it.
import { parseRuntime } from "#contract/runtime";
import { describe, expect, test } from "vitest";
import { keepTraces } from "../../support/traces-kept.ts";
import { createCapture } from "../http/harness.ts";
import { bulk, createService, error, frame, integer, ok, words } from "./clients.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const count = (text: string, of: string) => text.split(of).length - 1;

describe("a long pipeline", () => {
  const pipeline = (commands: number) => Buffer.concat(Array.from({ length: commands }, () => words("GET a")));

  test("lets another client be answered while it is in progress, and is finished all the same", async () => {
    const { connect } = createService();
    const [greedy, other] = [connect(), connect()];
    await greedy.arrive(pipeline(10_000));
    expect(count(greedy.sent(), "$-1")).toBeLessThan(10_000);
    await other.arrive("PING\r\n");
    expect(other.sent()).toBe("+PONG\r\n");
    expect(count(greedy.sent(), "$-1")).toBeLessThan(10_000);
    let turns = 0;
    while (count(greedy.sent(), "$-1") < 10_000) {
      await turn();
      turns++;
    }
    // a thousand of work a turn, and a GET is 2
    expect(turns).toBeGreaterThan(10);
    expect(turns).toBeLessThan(40);
  });

  test("keeps its order, whatever arrives meanwhile", async () => {
    const { connect } = createService({ limits: { workPerTurn: 3 } });
    const client = connect();
    const numbers = Array.from({ length: 50 }, (_, i) => String(i));
    await client.arrive(Buffer.concat(numbers.map((n) => words(`ECHO ${n}`))));
    await client.arrive(words("ECHO last"));
    while (!client.sent().includes("last")) await turn();
    expect(client.sent()).toBe([...numbers, "last"].map(bulk).join(""));
  });

  test("of many clients is shared out over turns", async () => {
    const { connect } = createService({ limits: { workPerTurn: 10, connectionsPerTurn: 2 } });
    const clients = Array.from({ length: 6 }, connect);
    for (const each of clients) each.socket.push(pipeline(10));
    await turn();
    const before = clients.map((each) => count(each.sent(), "$-1"));
    await turn();
    expect(clients.filter((each, i) => count(each.sent(), "$-1") > (before[i] ?? 0)).length).toBeLessThanOrEqual(2);
    while (clients.some((each) => count(each.sent(), "$-1") < 10)) await turn();
  });
});

test("KEYS over many entries lets others be answered meanwhile, and its client waits", async () => {
  const { connect, store } = createService();
  const total = 7_000;
  for (let i = 0; i < total; i++) store.put(Buffer.from(`k${i}`), 0, `k${i}`.length, Buffer.from("v"), 0, 1, 0);
  const [client, other] = [connect(), connect()];
  await client.arrive(Buffer.concat([words("KEYS *"), words("PING")]));
  expect(client.sent()).toBe("");
  await other.arrive("PING\r\n");
  expect(other.sent()).toBe("+PONG\r\n");
  while (!client.sent().includes("PONG")) await turn();
  expect(client.sent().startsWith(`*${total}\r\n`)).toBe(true);
  expect(count(client.sent(), "\r\nk")).toBe(total);
});

describe("slow readers", () => {
  const value = "v".repeat(1000);

  test("make no more replies than they read", async () => {
    const { connect } = createService({ limits: { flushBytes: 2000, workPerTurn: 10 } });
    const client = connect();
    await client.arrive(frame("SET", "a", value));
    client.hold(true);
    await client.arrive(Buffer.concat(Array.from({ length: 100 }, () => words("GET a"))));
    for (let i = 0; i < 20; i++) await turn();
    expect(client.socket.writableLength).toBeLessThan(4000);
    client.hold(false);
    while (count(client.sent(), value) < 100) await turn();
    expect(client.sent()).toBe(`${ok}${bulk(value).repeat(100)}`);
  });

  test("are closed when one reply is beyond all bounds", async () => {
    const { connect, series } = createService({ limits: { replyBytes: 5000 } });
    const client = connect();
    await client.arrive(frame("SET", "a", value));
    const other = connect();
    await client.arrive(words("MGET a a a a a a"));
    expect(client.isDestroyed).toBe(true);
    await other.arrive("PING\r\n");
    expect(other.sent()).toBe("+PONG\r\n");
    expect(await series('kv_slow_readers_closed_total{protocol="resp"}')).toBe(1);
  });

  test("that hold most are closed when all together hold too much", async () => {
    const { connect, series } = createService({ limits: { outputBudgetBytes: 5000 } });
    const [most, less, last] = [connect(), connect(), connect()];
    await most.arrive(frame("SET", "a", value));
    for (const each of [most, less, last]) each.hold(true);
    await most.arrive(words("MGET a a a"));
    await less.arrive(words("GET a"));
    expect(most.isDestroyed).toBe(false);
    await last.arrive(words("MGET a a"));
    expect([most, less, last].map((each) => each.isDestroyed)).toEqual([true, false, false]);
    expect(await series('kv_slow_readers_closed_total{protocol="resp"}')).toBe(1);
    last.hold(false);
    await turn();
    expect(count(last.sent(), value)).toBe(2);
  });
});

describe("unfinished commands", () => {
  test("share a budget, and get it back", async () => {
    const { connect } = createService({ limits: { inputBudgetBytes: 1000, lineBytes: 1000 }, maxValueBytes: 0 });
    const [one, other] = [connect(), connect()];
    await one.arrive(`*2\r\n$4\r\nECHO\r\n$900\r\n${"x".repeat(700)}`);
    await other.arrive(`*2\r\n$4\r\nECHO\r\n$900\r\n${"y".repeat(700)}`);
    expect(other.sent()).toBe(error("ERR too many unfinished commands are held; try again later"));
    expect(other.isFinished).toBe(true);
    one.socket.destroy();
    await turn();
    const third = connect();
    await third.arrive(`*2\r\n$4\r\nECHO\r\n$900\r\n${"z".repeat(700)}`);
    await third.arrive(`${"z".repeat(200)}\r\n`);
    expect(third.sent()).toBe(bulk("z".repeat(900)));
  });

  test("with a large argument take its whole length at once", async () => {
    const { connect, loose } = createService({ limits: { inputBudgetBytes: 1000, lineBytes: 200 }, maxValueBytes: 800, ownBufferBytes: 100 });
    const [one, other] = [connect(), connect()];
    await one.arrive("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$700\r\n");
    expect(loose.size).toBe(1);
    await other.arrive("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$700\r\n");
    expect(other.isFinished).toBe(true);
    expect(loose.size).toBe(1);
  });

  test("include what waits for EXEC", async () => {
    const { connect } = createService({ limits: { inputBudgetBytes: 1000, lineBytes: 200 }, maxValueBytes: 800 });
    const [one, other] = [connect(), connect()];
    await one.arrive(words("MULTI"));
    await one.arrive(frame("SET", "a", "x".repeat(600)));
    await other.arrive(words("MULTI"));
    await other.arrive(frame("SET", "a", "x".repeat(600)));
    expect(other.sent()).toMatch(/-ERR transaction too large/);
    await other.arrive(words("EXEC"));
    expect(other.sent()).toMatch(/-EXECABORT/);
    await one.arrive(words("EXEC"));
    await one.arrive(words("MULTI"));
    await one.arrive(frame("SET", "a", "y".repeat(600)));
    expect(one.sent()).toBe(`${ok}+QUEUED\r\n*1\r\n${ok}${ok}+QUEUED\r\n`);
  });
});

test("a client above the cap is told so and closed, and others may come when one has gone", async () => {
  const { connect, series, time } = createService({ limits: { connections: 2, lingerMs: 100 } });
  const [one] = [connect(), connect()];
  const third = connect();
  await third.arrive("PING\r\n");
  expect(third.sent()).toBe(error("ERR max number of clients reached"));
  expect(third.isFinished).toBe(true);
  expect(await series('kv_connections_rejected_total{protocol="resp"}')).toBe(1);
  expect(await series('kv_connections{protocol="resp"}')).toBe(2);
  // it does not close its side, so it is cut
  await time.advanceAsync(100);
  expect(third.isDestroyed).toBe(true);
  one.socket.destroy();
  await turn();
  const fourth = connect();
  await fourth.arrive("PING\r\n");
  expect(fourth.sent()).toBe("+PONG\r\n");
});

test("a client that closes its side is answered before ours is closed", async () => {
  const { connect } = createService({ limits: { workPerTurn: 2 } });
  const client = connect();
  client.socket.push(Buffer.concat(Array.from({ length: 20 }, () => words("INCR a"))));
  client.socket.push(null);
  while (!client.isFinished) await turn();
  expect(client.sent()).toBe(Array.from({ length: 20 }, (_, i) => integer(i + 1)).join(""));
});

test.each([
  ["INCR fault", "incr", 0],
  ["MULTI\r\nINCR fault\r\nEXEC", "exec", 1],
])("a fault of ours in %j costs one connection and is logged, counted and traced", async (commands, command, transactions) => {
  const { log, lines } = createCapture();
  const tracing = keepTraces({ every: 1 });
  const { connect, errors, series } = createService({ observed: { log, tracing, logging: () => ({ ...parseRuntime("{}").requests, sample: 1 }) } });
  const [client, other] = [connect(), connect()];
  await client.arrive(`PING\r\n${commands}\r\nPING\r\n`);
  expect(client.sent().endsWith(error("ERR internal error"))).toBe(true);
  expect(client.isFinished).toBe(true);
  const failed = async (group: string) => series(`kv_resp_commands_total{group="${group}",result="error"}`);
  expect([await failed("string"), await failed("transactions"), await failed("connection")]).toEqual([1, transactions, 0]);
  const span = tracing.spans.at(-1);
  expect(span).toMatchObject({ name: command.toUpperCase(), error: "failed", attributes: { "kv.result": "error" } });
  const ids = { trace_id: span?.context.traceId, span_id: span?.context.spanId, trace_flags: "01" };
  expect(errors).toEqual([{ err: new Error("a fault in the store"), command, ...ids }]);
  expect(lines.at(-1)?.fields).toMatchObject({ command, result: "error", bytes: 0, ...ids });
  await other.arrive("PING\r\nKEYS *\r\n");
  expect(other.sent()).toBe("+PONG\r\n*0\r\n");
});

test("large arguments of a transaction that a fault ends are given back", async () => {
  const { connect, loose } = createService({ ownBufferBytes: 512, maxValueBytes: 4096 });
  const large = "x".repeat(2048);
  await connect().arrive(Buffer.concat([words("MULTI"), words(`GETSET b ${large}`), words(`ECHO ${large}`), words("INCR fault"), words(`SET a ${large}`), words("EXEC")]));
  expect(loose.size).toBe(0);
});

test("a fault in a command that is not sampled names no trace, whatever was sampled before", async () => {
  const tracing = keepTraces({ every: 2 });
  const { connect, errors } = createService({ observed: { tracing } });
  await connect().arrive("PING\r\nPING\r\nINCR fault\r\n");
  await connect().arrive("INCR fault\r\n");
  await connect().arrive("INCR fault\r\n");
  expect(errors.map((each) => each["trace_id"])).toEqual([undefined, tracing.spans[1]?.context.traceId, undefined]);
});

test("nor does one that comes while a sampled one waits", async () => {
  const { connect, errors } = createService({ peers: 1, observed: { tracing: keepTraces({ every: 2 }) } });
  await connect().arrive("SET a 1\r\nWAIT 1 0\r\n");
  await connect().arrive("INCR fault\r\n");
  expect(errors).toHaveLength(1);
  expect(errors[0]).not.toHaveProperty("trace_id");
});
