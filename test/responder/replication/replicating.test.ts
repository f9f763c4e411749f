import { expect, test } from "vitest";
import { createBacklog } from "../../../responder/replication/backlog.ts";
import { createReplicating } from "../../../responder/replication/replicating.ts";
import { keepTraces } from "../../support/traces-kept.ts";

const write = { context: { traceId: "a".repeat(32), spanId: "b".repeat(16) }, at: 100 };

const open = () => {
  const tracing = keepTraces();
  let now = 100;
  const replicating = createReplicating(tracing, () => now, { host: "10.0.0.2", port: 7946 });
  return { ...replicating, spans: tracing.spans, pass: (ms: number) => void (now += ms) };
};

test("a span lasts from the write until the acknowledgement that covers its record", () => {
  const { begin, acknowledge, spans, pass } = open();
  const context = begin(7, write);
  pass(2);
  acknowledge(6);
  expect(spans).toEqual([]);
  pass(1);
  acknowledge(9);
  expect(spans).toMatchObject([{ name: "replicate", kind: "producer", context, parent: write.context, startedAt: 100, endedAt: 103, error: undefined }]);
  acknowledge(10);
  expect(spans).toHaveLength(1);
});

test("one that is under way when the connection ends has failed", () => {
  const { begin, lost, spans } = open();
  begin(1, write);
  lost();
  expect(spans[0]?.error).toContain("connection ended");
});

test("one that the peer's clock does not let it take has failed, and the others go on", () => {
  const { begin, refused, acknowledge, spans } = open();
  const [first, second] = [begin(1, write), begin(2, write)];
  refused(2);
  refused(7);
  expect(spans).toMatchObject([{ context: second, error: expect.stringContaining("clock") }]);
  acknowledge(2);
  expect(spans.slice(1)).toMatchObject([{ context: first, error: undefined }]);
});

test("at most 256 are under way", () => {
  const { begin, acknowledge, lost, spans } = open();
  for (let n = 1; n <= 256; n++) expect(begin(n, write)).toBeDefined();
  expect(begin(257, write)).toBeUndefined();
  acknowledge(256);
  expect(begin(258, write)).toBeDefined();
  lost();
  expect(spans).toHaveLength(257);
});

test("a backlog tells the span of a slot once, forgets it with the slot, and keeps at most 256", () => {
  const backlog = createBacklog();
  backlog.mark(3);
  backlog.trace(3, write);
  expect([backlog.takeTrace(4), backlog.takeTrace(3), backlog.takeTrace(3)]).toEqual([undefined, write, undefined]);
  backlog.trace(3, write);
  backlog.freed(3);
  expect(backlog.takeTrace(3)).toBeUndefined();
  for (let slot = 0; slot < 300; slot++) backlog.trace(slot, write);
  expect(Array.from({ length: 300 }, (_, slot) => backlog.takeTrace(slot)).filter(Boolean)).toHaveLength(256);
});
