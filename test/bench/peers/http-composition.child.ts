// The responder's HTTP server by itself, with its telemetry or with none: argument "with" or "without". What is measured is the difference.
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { responderMetrics } from "#contract/metrics";
import { systemClock, systemTimers } from "#lib/clock";
import { createTurnClock } from "#lib/turn-clock";
import { createTelemetry } from "#telemetry/instruments";
import { createLogger } from "#telemetry/logger";
import { createApi } from "../../../responder/http/app.ts";
import { createBodyBudget } from "../../../responder/http/body.ts";
import { observeConnections } from "../../../responder/http/connection-observer.ts";
import type { Exchange, Recorder } from "../../../responder/http/exchange.ts";
import { createHttpServer } from "../../../responder/http/server.ts";
import { testRecorder } from "../../support/recorder.ts";
import { createStore } from "./store.ts";

const log = createLogger({ base: { tenant: "bench", pod: "bench-0", namespace: "bench", service: "bench", version: "0" } });
const telemetry = createTelemetry(responderMetrics);
const turn = createTurnClock();
const store = createStore({ maxBytes: 64 * 2 ** 20, evictionPolicy: "TinyLFU", hashSeed: randomBytes(8), now: turn.now, node: 1 });
const rules = { maxValueBytes: 2 ** 20, defaultTtlSeconds: 3600, maxTtlSeconds: undefined };
const bodies = createBodyBudget(32 * 2 ** 20);

/** Times nothing, counts nothing, logs nothing, makes nothing. */
const noRecorder = (): Recorder => {
  const exchange: Exchange = {
    method: "GET",
    route: "kv",
    startedAt: 0,
    caller: undefined,
    span: undefined,
    operation: undefined,
    result: undefined,
    rejected: undefined,
    bytes: 0,
    keyHash: undefined,
    status: undefined,
    count: () => undefined,
    countRejected: () => undefined,
    noteKey: () => undefined,
  };
  return { begin: () => exchange, beginAt: () => exchange, finish: () => {}, now: () => 0, unreadable: () => {} };
};

const isInstrumented = process.argv[2] === "with";
const server = createHttpServer({
  app: createApi({ log, exposition: telemetry, kv: { store, rules, bodies } }),
  recorder: isInstrumented ? testRecorder({ metrics: telemetry.metrics, log, clock: systemClock }) : noRecorder(),
  timers: systemTimers,
  ...(isInstrumented ? { observer: observeConnections(telemetry.metrics) } : {}),
  fast: { store, rules, budget: bodies, turn, log },
});
const { address, port }: AddressInfo = await server.listen("127.0.0.1", 0);
console.log(JSON.stringify({ msg: "serving", http: { host: address, port } }));
