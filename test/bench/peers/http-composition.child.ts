// The responder's HTTP server by itself, with parts of its telemetry or with none; what is measured is the difference. Arguments: nothing, metrics, metrics+logs, metrics+traces or all; where spans go.
import { randomBytes } from "node:crypto";
import { openSync } from "node:fs";
import { responderMetrics } from "#contract/metrics";
import { systemClock, systemTimers } from "#lib/clock";
import { createTurnClock } from "#lib/turn-clock";
import { createTelemetry } from "#telemetry/instruments";
import { createLogger, type Log } from "#telemetry/logger";
import { noTracing, startTracing } from "#telemetry/tracing";
import { createApi, type ApiDeps } from "../../../responder/http/app.ts";
import { createBodyBudget } from "../../../responder/http/body.ts";
import { observeConnections, type ConnectionObserver } from "../../../responder/http/connection-observer.ts";
import type { Exchange, Recorder } from "../../../responder/http/exchange.ts";
import { createHttpServer } from "../../../responder/http/server.ts";
import { testRecorder } from "../../support/recorder.ts";
import { announce } from "./announce.ts";
import { createStore } from "./store.ts";

const [, , asked = "nothing", endpoint = ""] = process.argv;
const has = (part: "metrics" | "logs" | "traces") => asked === "all" || asked.split("+").includes(part);
const nothing = () => {};
const silent: Log = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing };
// as a pod has it, but written to where nobody must read
const identity = { service: "bench", tenant: "bench", namespace: "bench", pod: "bench-0", kvresponder: "bench", version: "0" };
const log = has("logs") ? createLogger({ base: identity, to: openSync("/dev/null", "w") }) : silent;

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
    count: nothing,
    countRejected: nothing,
    noteKey: nothing,
  };
  return { begin: () => exchange, beginAt: () => exchange, finish: nothing, now: () => 0, unreadable: nothing };
};

interface Parts {
  readonly recorder: Recorder;
  readonly observer?: ConnectionObserver;
  readonly exposition: ApiDeps["exposition"];
}

/** Not even the watch on the event loop and on collections, which prom-client keeps. */
const without: Parts = { recorder: noRecorder(), exposition: { page: () => Promise.reject(new Error("there are no metrics")) } };

const instrumented = async (): Promise<Parts> => {
  const telemetry = createTelemetry(responderMetrics);
  const { metrics } = telemetry;
  const spent = { metrics: 0, logs: 0, traces: 0 };
  const tracing = has("traces")
    ? await startTracing({
        endpoint,
        sampleRatio: 0.01,
        resource: { "service.name": "bench", "service.version": "0", "service.instance.id": "bench-0", "k8s.namespace.name": "bench", "k8s.pod.name": "bench-0", "k8s.deployment.name": "bench", "tenant.id": "bench" },
        attributes: { "tenant.id": "bench" },
        log,
        clock: systemClock,
        timers: systemTimers,
        onDropped: (reason, spans) => metrics.kv_spans_dropped_total.inc({ reason }, spans),
        onSpent: (ms) => void (spent.traces += ms / 1000),
      })
    : noTracing;
  const recorder = testRecorder({
    metrics,
    log,
    tracing,
    // as the resource has it, or none but the first
    ...(!has("logs") && { logging: { sample: Number.MAX_SAFE_INTEGER } }),
    onSpent: (signal, seconds) => void (spent[signal] += seconds),
  });
  return { recorder, observer: observeConnections(metrics), exposition: telemetry };
};

const { recorder, observer, exposition } = asked === "nothing" ? without : await instrumented();
const turn = createTurnClock();
const store = createStore({ maxBytes: 64 * 2 ** 20, evictionPolicy: "TinyLFU", hashSeed: randomBytes(8), now: turn.now, node: 1 });
const rules = { maxValueBytes: 2 ** 20, defaultTtlSeconds: 3600, maxTtlSeconds: undefined };
const bodies = createBodyBudget(32 * 2 ** 20);
const server = createHttpServer({
  app: createApi({ log, exposition, kv: { store, rules, bodies } }),
  recorder,
  timers: systemTimers,
  ...(observer && { observer }),
  fast: { store, rules, budget: bodies, turn, log },
});
const listening = await server.listen("127.0.0.1", 0);
announce({ address: () => listening });
