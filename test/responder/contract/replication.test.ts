import { parseInfo, replicationInfo, warmupStates } from "#contract/replication";
import { expect, test } from "vitest";

const replication = { mode: "Peers", expected: 2, connected: 1, warmup: "copied", clockAhead: false } as const;
const text = (of: object) => JSON.stringify({ tenant: "a", uptimeSeconds: 7, ...of });

test.each(warmupStates)("warm-up %s is read back from /info", (warmup) => {
  expect(parseInfo(text({ replication: { ...replication, warmup } }))).toEqual({ uptimeSeconds: 7, replication: { ...replication, warmup } });
});

test("a newer responder's additions are ignored, an older responder says nothing", () => {
  expect(parseInfo(text({ replication: { ...replication, lagMs: 3 }, more: true })).replication).toEqual(replication);
  expect(parseInfo(text({}))).toEqual({ uptimeSeconds: 7 });
});

test("what is not such a report is refused, and says where", () => {
  expect(() => parseInfo(text({ replication: { ...replication, expected: -1 } }))).toThrow("replication.expected: ");
  expect(() => parseInfo(text({ replication: { ...replication, warmup: "cold" } }))).toThrow("replication.warmup: ");
  expect(() => parseInfo("{}")).toThrow("uptimeSeconds: ");
  expect(() => parseInfo("[]")).toThrow();
  expect(() => parseInfo("<html>")).toThrow();
});

test("the responder's own report is held to the same schema", () => {
  expect(replicationInfo.parse(replication)).toEqual(replication);
});
