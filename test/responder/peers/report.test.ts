import { expect, test } from "vitest";
import { createDiscoveryReport } from "../../../responder/peers/report.ts";
import type { PeerAddress } from "../../../responder/peers/source.ts";
import { createCapture } from "../http/harness.ts";

const start = () => {
  const { log, lines } = createCapture();
  const at = { now: 1_000 };
  return { at, report: createDiscoveryReport(log, { monotonic: () => at.now }), told: () => lines.splice(0).map(({ level, message, fields }) => ({ level, message, ...fields })) };
};

test("what a source finds is told, and goes on", () => {
  const { report, told } = start();
  let tell: (addresses: readonly PeerAddress[]) => void = () => {};
  const found: unknown[] = [];
  report.follow({ start: (onAddresses) => void (tell = onAddresses), stop: () => {} }).start((addresses) => found.push(addresses));
  const set = [{ host: "10.0.0.7", port: 7946 }];
  tell(set);
  expect(found).toEqual([set]);
  expect(told()).toEqual([{ level: "info", message: "peers found", addresses: 1, times: 1 }]);
  for (let i = 0; i < 50; i++) tell([]);
  expect(found).toHaveLength(51);
  expect(told()).toHaveLength(9);
});

test("a lookup that fails and works again: why, and after how long", () => {
  const { at, report, told } = start();
  const err = new Error("resolve kv-peers");
  report.problem(err);
  at.now += 4_000;
  report.recovered();
  expect(told()).toEqual([
    { level: "warn", message: "peers could not be looked up; the last ones found stay in force", err, times: 1 },
    { level: "info", message: "peers can be looked up again", durationMs: 4_000, times: 1 },
  ]);
});

test("of connections that are refused, one line a minute for each reason", () => {
  const { report, told } = start();
  for (let i = 0; i < 9; i++) report.refused("proof");
  report.refused("tenant");
  expect(told()).toMatchObject([{ level: "warn", reason: "proof" }, { reason: "tenant" }]);
});

test("a clock that is ahead is told when it begins and when it ends", () => {
  const { at, report, told } = start();
  report.clock(false);
  report.clock(true);
  report.clock(true);
  at.now += 5_000;
  report.clock(false);
  report.clock(false);
  expect(told()).toEqual([
    { level: "warn", message: "clock is ahead of the peers, who do not take these writes", times: 1 },
    { level: "info", message: "clock is no longer ahead of the peers", durationMs: 5_000 },
  ]);
});
