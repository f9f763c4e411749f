import { parseReplicationInfo, replicationInfo, warmupStates } from "#contract/replication";
import { expect, test } from "vitest";

const info = { mode: "Peers", expected: 2, connected: 1, warmup: "copied", clockAhead: false } as const;

test.each(warmupStates)("warm-up %s is read back from /info", (warmup) => {
  expect(parseReplicationInfo(JSON.stringify({ tenant: "a", replication: { ...info, warmup } }))).toEqual({ ...info, warmup });
});

test("a newer responder's additions are ignored, an older responder says nothing", () => {
  expect(parseReplicationInfo(JSON.stringify({ replication: { ...info, lagMs: 3 }, more: true }))).toEqual(info);
  expect(parseReplicationInfo('{"tenant":"a"}')).toBeUndefined();
});

test("what is not such a report is refused, and says where", () => {
  expect(() => parseReplicationInfo(JSON.stringify({ replication: { ...info, expected: -1 } }))).toThrow("replication.expected: ");
  expect(() => parseReplicationInfo(JSON.stringify({ replication: { ...info, warmup: "cold" } }))).toThrow("replication.warmup: ");
  expect(() => parseReplicationInfo("[]")).toThrow();
  expect(() => parseReplicationInfo("<html>")).toThrow();
});

test("the responder's own report is held to the same schema", () => {
  expect(replicationInfo.parse(info)).toEqual(info);
});
