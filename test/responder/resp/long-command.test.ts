// Commands of many turns: counted, timed and told once, when they are over.
import { parseRuntime } from "#contract/runtime";
import { describe, expect, test } from "vitest";
import { settle } from "../../support/manual-time.ts";
import { keepTraces } from "../../support/traces-kept.ts";
import { createCapture } from "../http/harness.ts";
import { createDialogue, error, integer, ok, words } from "./clients.ts";

const slowMs = 100;

/** A server with keys for many turns. `sample` 1: each command is logged and traced. */
const open = ({ sample = 1_000_000, limits = {} } = {}) => {
  const { log, lines } = createCapture();
  const tracing = keepTraces(sample === 1 ? { every: 1 } : {});
  const dialogue = createDialogue({ peers: 1, limits, observed: { log, tracing, logging: () => ({ ...parseRuntime("{}").requests, sample, slowMs }) } });
  for (let i = 0; i < 5_000; i++) dialogue.store.put(Buffer.from(`k${i}`), 0, `k${i}`.length, Buffer.from("v"), 0, 1, 0);
  const counted = async (group: string) => [await dialogue.series(`kv_resp_commands_total{group="${group}",result="ok"}`), await dialogue.series(`kv_resp_commands_total{group="${group}",result="error"}`)];
  /** The first command is always logged, and would be the one that a test is about. */
  const begin = async () => {
    await dialogue.ask("PING");
    lines.length = 0;
  };
  return { ...dialogue, lines, spans: tracing.spans, counted, begin };
};
type Opened = ReturnType<typeof open>;

const until = async (isOver: () => boolean) => {
  while (!isOver()) await settle();
};
const told = ({ lines }: Opened) => lines.map(({ message, fields }) => [message, fields["command"], fields["result"], fields["durationMs"]]);

describe("KEYS", () => {
  /** Asked, and `ms` pass before its second turn. */
  const ask = async (opened: Opened, ms: number, line = "KEYS *") => {
    const before = opened.client.sent().length;
    expect(await opened.ask(line)).toBe("");
    opened.time.advance(ms);
    await until(() => opened.client.sent().length > before);
    return opened.client.sent().slice(before);
  };

  test("that takes longer than slowMs over its turns is slow, and timed as a whole", async () => {
    const opened = open();
    await opened.begin();
    await ask(opened, slowMs);
    expect(opened.lines).toEqual([]);
    await ask(opened, slowMs + 50);
    expect(opened.lines).toEqual([{ level: "info", message: "slow commands", fields: { command: "keys", durationMs: slowMs + 50, sampleRate: 1 } }]);
    expect(await opened.counted("generic")).toEqual([2, 0]);
  });

  test("that is sampled has a line and a span of its whole time and reply", async () => {
    const opened = open({ sample: 1 });
    const reply = await ask(opened, 40);
    expect(opened.lines.map(({ fields }) => fields)).toEqual([
      { command: "keys", result: "ok", durationMs: 40, bytes: reply.length, sampleRate: 1, trace_id: opened.spans[0]?.context.traceId, span_id: opened.spans[0]?.context.spanId, trace_flags: "01" },
    ]);
    expect(opened.spans.map(({ name, startedAt, endedAt, error: problem }) => [name, endedAt - startedAt, problem])).toEqual([["KEYS", 40, undefined]]);
  });

  test("that answers an error in a later turn has failed", async () => {
    const opened = open({ sample: 1 });
    const { store, client, time } = opened;
    await client.arrive(words("KEYS *"));
    const long = Buffer.alloc(900, "x");
    store.put(long, 0, long.length, Buffer.from("v"), 0, 1, 0);
    // from now on more of them than one reply may have
    Object.assign(store, {
      scan: (cursor: number, visit: (slot: number) => void) => {
        for (let i = 0; i < 1_000; i++) visit(store.peek(long, 0, long.length));
        return cursor;
      },
    });
    time.advance(40);
    await until(() => client.sent() === error("ERR too many keys for one reply; use SCAN"));
    expect(told(opened)).toEqual([["command", "keys", "error", 40]]);
    expect(opened.spans[0]?.error).toBe("answered an error");
    expect(await opened.counted("generic")).toEqual([0, 1]);
  });

  test("that its client did not wait for is slow all the same", async () => {
    const opened = open();
    await opened.begin();
    await opened.ask("KEYS *");
    opened.time.advance(3 * slowMs);
    opened.client.socket.destroy();
    await settle();
    expect(told(opened)).toEqual([["slow commands", "keys", undefined, 3 * slowMs]]);
  });

  test("is not slow because its client does not read", async () => {
    const opened = open();
    await opened.begin();
    const { client, time } = opened;
    client.hold(true);
    await client.arrive(Buffer.concat([words("PING"), words("KEYS *")]));
    await settle();
    time.advance(10 * slowMs);
    client.hold(false);
    await until(() => client.sent().includes("*5000"));
    expect(opened.lines).toEqual([]);
  });

  test("that fails in a later turn is an error, with its trace in the line of the fault", async () => {
    const opened = open({ sample: 1 });
    const { store, client, errors } = opened;
    await opened.client.arrive(words("KEYS *"));
    Object.assign(store, {
      scan: () => {
        throw new Error("a fault in the store");
      },
    });
    opened.time.advance(40);
    await until(() => client.isFinished);
    expect(client.sent()).toBe(error("ERR internal error"));
    expect(told(opened)).toEqual([["command", "keys", "error", 40]]);
    expect(opened.spans[0]?.error).toBe("failed");
    expect(errors).toMatchObject([{ command: "keys", trace_id: opened.spans[0]?.context.traceId, span_id: opened.spans[0]?.context.spanId, trace_flags: "01" }]);
    expect(await opened.counted("generic")).toEqual([0, 1]);
  });
});

describe("WAIT", () => {
  const blocked = async (sample?: number) => {
    const opened = open(sample === undefined ? {} : { sample });
    await opened.begin();
    expect(await opened.ask("SET a 1")).toBe(ok);
    expect(await opened.ask("WAIT 1 60000")).toBe("");
    opened.lines.length = 0;
    return opened;
  };

  test("that is sampled is timed until it is answered, and counted then", async () => {
    const opened = await blocked(1);
    expect(await opened.counted("generic")).toEqual([0, 0]);
    opened.time.advance(5_000);
    // that another one failed meanwhile is not its fault
    await opened.connect().arrive(words("INCR"));
    opened.lines.length = 0;
    opened.peers.acknowledge(1);
    await settle();
    expect(opened.client.sent().endsWith(integer(1))).toBe(true);
    expect(opened.lines.map(({ fields }) => fields)).toMatchObject([{ command: "wait", result: "ok", durationMs: 5_000, bytes: integer(1).length }]);
    expect(opened.spans.filter(({ name }) => name === "WAIT").map(({ startedAt, endedAt }) => endedAt - startedAt)).toEqual([5_000]);
    expect(await opened.counted("generic")).toEqual([1, 0]);
  });

  test("is never slow: it has slept", async () => {
    const opened = await blocked();
    opened.time.advance(5_000);
    opened.peers.acknowledge(1);
    await settle();
    expect(opened.client.sent().endsWith(integer(1))).toBe(true);
    expect(opened.lines).toEqual([]);
  });

  test.each([
    ["leaves", ({ client }: Opened) => void client.socket.destroy()],
    ["is killed", ({ connect }: Opened) => connect().arrive(words("CLIENT KILL ID 1"))],
  ])("whose client %s is told as failed, once, and not counted as answered", async (_how, end) => {
    const opened = await blocked(1);
    opened.time.advance(3_000);
    await end(opened);
    await settle();
    opened.time.advance(1_000);
    opened.client.socket.destroy();
    await settle();
    const mine = told(opened).filter(([, command]) => command === "wait");
    expect(mine).toEqual([["command", "wait", "error", 3_000]]);
    expect(opened.spans.filter(({ name }) => name === "WAIT").map(({ error: problem }) => problem)).toEqual(["not answered"]);
    expect(await opened.counted("generic")).toEqual([0, 0]);
  });

  test("that cannot begin to wait is an error", async () => {
    const opened = open({ sample: 1 });
    Object.assign(opened.peers, {
      wait: () => {
        throw new Error("a fault in replication");
      },
    });
    expect(await opened.ask("WAIT 1 0")).toBe(error("ERR internal error"));
    expect(told(opened)).toEqual([["command", "wait", "error", 0]]);
    expect(opened.errors).toMatchObject([{ command: "wait", trace_id: opened.spans[0]?.context.traceId }]);
    expect(await opened.counted("generic")).toEqual([0, 1]);
  });
});

test("a command whose reply is not wanted is told all the same, with nothing written", async () => {
  const opened = open({ sample: 1 });
  const { client, say } = opened;
  await say(Buffer.concat([words("CLIENT REPLY OFF"), words("KEYS *"), words("CLIENT REPLY ON")]));
  await until(() => client.sent() === ok);
  expect(opened.lines.filter(({ fields }) => fields["command"] === "keys").map(({ fields }) => [fields["result"], fields["bytes"]])).toEqual([["ok", 0]]);
});
