import { expect, test } from "vitest";
import type { Member } from "../../../responder/peers/membership.ts";
import { createReport } from "../../../responder/replication/report.ts";
import { startNode } from "../../faults/simulation/node.ts";
import { createWorld } from "../../faults/simulation/world.ts";
import { createCapture } from "../http/harness.ts";

const start = () => {
  const { log, lines } = createCapture();
  const at = { now: 1_000 };
  return { at, report: createReport(log, { monotonic: () => at.now }), told: () => lines.splice(0).map(({ message, fields }) => ({ message, ...fields })) };
};
const member = (state: Member["state"], reason: Member["reason"]) => ({ id: "uid/boot", state, reason, identity: { host: "10.0.0.7", port: 7946 } }) as Member;
const address = { host: "10.0.0.7", port: 7946 };

test("a change says how long the peer was what it was before", () => {
  const { at, report, told } = start();
  const peer = member("joined", "handshake");
  report.changed(peer, undefined);
  at.now += 3_500.4;
  report.changed(Object.assign(peer, { state: "suspected", reason: "silent" }), "joined");
  expect(told()).toEqual([
    { message: "peer changed", peer: "uid/boot", ...address, from: undefined, to: "joined", reason: "handshake", durationMs: undefined },
    { message: "peer changed", peer: "uid/boot", ...address, from: "joined", to: "suspected", reason: "silent", durationMs: 3_500 },
  ]);
});

test("a link says how long it was up, and why it ended", () => {
  const { at, report, told } = start();
  const peer = member("joined", "handshake");
  report.linkUp(peer, address);
  at.now += 20;
  report.linkDown(peer, address, "the connection ended");
  report.linkDown(undefined, address, "refused: tenant");
  expect(told()).toEqual([
    { message: "link is up", peer: "uid/boot", ...address, times: 1 },
    { message: "link is down", peer: "uid/boot", ...address, reason: "the connection ended", durationMs: 20, times: 1 },
    { message: "link is down", peer: undefined, ...address, reason: "refused: tenant", durationMs: undefined, times: 1 },
  ]);
});

test("who is refused all the time is told of a few times a minute, and others beside it", () => {
  const { at, report, told } = start();
  for (let i = 0; i < 120; i++) report.linkDown(undefined, address, "refused: proof");
  report.linkDown(undefined, { ...address, port: 1 }, "refused: proof");
  expect(told()).toHaveLength(6);
  at.now += 60_000;
  report.linkDown(undefined, address, "refused: proof");
  expect(told()).toMatchObject([{ times: 116 }]);
});

test("a comparison that found nothing is not told, and of the others one a minute", () => {
  const { at, report, told } = start();
  const peer = member("joined", "handshake");
  report.repaired(peer, 0, 5);
  expect(told()).toEqual([]);
  report.repaired(peer, 3, 12.6);
  report.repaired(peer, 4, 1);
  expect(told()).toEqual([{ message: "peer lacked records", peer: "uid/boot", records: 3, durationMs: 13, times: 1 }]);
  at.now += 60_000;
  report.repaired(peer, 5, 1);
  expect(told()).toMatchObject([{ records: 5, times: 2 }]);
});

// one of the two begins the comparisons, and both can find that the other one lacks something
test.each([0, 1])("what a peer did not get and the next comparison gives it: told by pod %i, which has it", (owner) => {
  const world = createWorld(1);
  const names = ["n0", "n1"];
  const told: unknown[] = [];
  const nodes = names.map((name, i) =>
    startNode({ world, name, names, boot: i + 1, maxBytes: 2 ** 20, evictionPolicy: "LRU", retentionMs: 600_000, warmupMs: 5_000, onLog: ({ records, peer }, message) => void (message === "peer lacked records" && told.push([name, peer, records])) }),
  );
  world.run(20_000);
  const [mine, other] = [nodes[owner]!, nodes[1 - owner]!];
  const key = Buffer.from("key");
  mine.store.put(key, 0, key.length, key, 0, key.length, 0);
  // lost, as if it had been sent and taken
  const { backlog } = mine.replication.members[0]!;
  backlog.acknowledged(backlog.take());
  world.run(1_000);
  expect([other.store.stats().entries, told]).toEqual([0, []]);
  world.run(20_000);
  expect([other.store.stats().entries, told]).toEqual([1, [[mine.name, expect.stringContaining(`uid-${other.name}`), 1]]]);
});
