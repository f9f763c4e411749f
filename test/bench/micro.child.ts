// Two costs inside one process, printed as JSON: heap bytes that a hit leaves behind, and processor time that the recorder takes for a request.
import { openSync } from "node:fs";
import { responderMetrics } from "#contract/metrics";
import { systemClock } from "#lib/clock";
import { createTelemetry } from "#telemetry/instruments";
import { createLogger } from "#telemetry/logger";
import { testRecorder } from "../support/recorder.ts";
import { createStore } from "./peers/store.ts";

const entries = 100_000;
const times = 1_000_000;

/** The heap may only grow while this runs: the caller gives the young generation room for all of it. */
const heapBytesPerHit = (): number => {
  const store = createStore({ maxBytes: 2 ** 28, evictionPolicy: "TinyLFU", hashSeed: Buffer.from("allocate"), now: () => 1, node: 1 });
  const key = Buffer.from("key:0000000000");
  const value = Buffer.alloc(100, "x");
  const answer = Buffer.alloc(200);
  const setKey = (i: number) => {
    for (let at = key.length - 1, rest = i; at > 3; at--, rest = Math.floor(rest / 10)) key[at] = 48 + (rest % 10);
  };
  for (let i = 0; i < entries; i++) {
    setKey(i);
    store.put(key, 0, key.length, value, 0, value.length, 1e12);
  }
  let hits = 0;
  const get = (i: number) => {
    setKey((i * 7919) % entries);
    const slot = store.find(key, 0, key.length);
    if (slot < 0) return;
    store.writeVersion(slot, answer, store.copyValue(slot, answer, 0));
    if (store.expiresAt(slot) > 0) hits++;
  };
  for (let i = 0; i < times; i++) get(i);
  hits = 0;
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < times; i++) get(i);
  const grown = process.memoryUsage().heapUsed - before;
  if (hits !== times) throw new Error(`${times - hits} of ${times} gets missed`);
  return grown / times;
};

/** Microseconds of this thread for one request from its head to its end, logged one in a hundred. */
const recorderMicros = (): number => {
  const log = createLogger({ base: { tenant: "bench" }, to: openSync("/dev/null", "w") });
  const recorder = testRecorder({ metrics: createTelemetry(responderMetrics).metrics, log, clock: systemClock });
  const one = () => {
    const exchange = recorder.beginAt("GET", "kv", recorder.now());
    exchange.operation = "get";
    exchange.result = "hit";
    exchange.bytes = 100;
    recorder.finish(exchange, 200, recorder.now());
  };
  for (let i = 0; i < times; i++) one();
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i++) one();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / times;
};

console.log(JSON.stringify({ heapBytesPerHit: heapBytesPerHit(), recorderMicros: recorderMicros() }));
