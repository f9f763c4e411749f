import { parseRuntime, type RequestLogging } from "#contract/runtime";
import { expect, test } from "vitest";
import { createCapture } from "../http/harness.ts";
import { keepTraces } from "../../support/traces-kept.ts";
import { createDialogue, integer, ok, words } from "./clients.ts";

const open = (logging: Partial<RequestLogging> = {}, every = Infinity) => {
  const { log, lines } = createCapture();
  const tracing = keepTraces({ every });
  const requests = { ...parseRuntime("{}").requests, ...logging };
  return { ...createDialogue({ observed: { log, tracing, logging: () => requests } }), lines, spans: tracing.spans };
};

test("one command in a hundred is logged, with its name and neither key nor value", async () => {
  const { ask, lines } = open();
  for (let i = 0; i < 200; i++) expect(await ask("SET secret-key secret-value")).toBe(ok);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toEqual({ level: "info", message: "command", fields: { command: "set", result: "ok", durationMs: 0, bytes: ok.length, sampleRate: 1 } });
  expect(lines[1]?.fields["sampleRate"]).toBe(100);
  expect(JSON.stringify(lines)).not.toContain("secret");
});

test("sample 1 logs each, refused ones included; what is no command has no name", async () => {
  const { ask, lines } = open({ sample: 1 });
  await ask("INCR a");
  await ask("INCR");
  await ask("SECRETWORD x");
  expect(lines.map((l) => [l.fields["command"], l.fields["result"]])).toEqual([
    ["incr", "ok"],
    ["incr", "error"],
    ["unknown", "error"],
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/secretword/i);
});

test("a line shows a hash of the first key where that is asked for", async () => {
  const { ask, lines } = open({ sample: 1, keyHash: true });
  await ask("GET abc");
  await ask("PING");
  expect(lines.map((l) => l.fields["keyHash"])).toEqual(["hash of 3 bytes", undefined]);
});

test("a sampled command has a span, and its line names it", async () => {
  const { ask, spans, lines } = open({ sample: 1 }, 2);
  await ask("SET secret 1");
  await ask("INCR secret");
  await ask("INCR secret x");
  await ask("INCR");
  expect(spans).toMatchObject([
    { name: "INCR", kind: "server", error: undefined, attributes: { "network.protocol.name": "resp", "kv.command": "INCR", "kv.result": "ok" } },
    { name: "INCR", error: "answered an error" },
  ]);
  expect(lines[1]?.fields).toMatchObject({ trace_id: spans[0]?.context.traceId, span_id: spans[0]?.context.spanId, trace_flags: "01" });
  expect(JSON.stringify(spans)).not.toContain("secret");
});

test("every key of a turn is timed as long as its turn", async () => {
  const { say, series } = open();
  expect(await say(Buffer.concat([words("SET a 1"), words("MGET a b c"), words("DEL a")]))).toContain(integer(1));
  expect(await Promise.all(["get", "put", "delete", "expire"].map((operation) => series(`kv_operation_duration_seconds_count{operation="${operation}"}`)))).toEqual([3, 1, 1, 0]);
});

test("a key of FLUSHALL is counted, and not timed: the whole is one operation", async () => {
  const { say, ask, series } = open();
  const deletes = async () => [await series('kv_operations_total{operation="delete",result="hit"}'), await series('kv_operation_duration_seconds_count{operation="delete"}')];
  await ask("MSET a 1 b 2 c 3 d 4");
  expect(await say(Buffer.concat([words("DEL a"), words("FLUSHALL"), words("FLUSHDB")]))).toBe(`${integer(1)}${ok}${ok}`);
  expect(await deletes()).toEqual([4, 2]);
  // of nothing: no operation at all
  await ask("FLUSHALL");
  expect(await deletes()).toEqual([4, 2]);
  await ask("SET a 1");
  await ask("DEL a");
  expect(await deletes()).toEqual([5, 3]);
});
