// The responder: reads its environment, puts the parts together, serves until it is told to stop.
import { randomBytes } from "node:crypto";
import { parseEnv, type ResponderConfig } from "#contract/env";
import { responderMetrics } from "#contract/metrics";
import { parseRuntime } from "#contract/runtime";
import { systemClock, systemTimers } from "#lib/clock";
import { manageLifecycle } from "#lib/lifecycle";
import { pollFile } from "#lib/poll-file";
import { version } from "#lib/version";
import { createTelemetry, type Instruments } from "#telemetry/instruments";
import { createLogger, type Logger } from "#telemetry/logger";
import { createApi, createManagement } from "./http/app.ts";
import { createBodyReader } from "./http/body.ts";
import { createRecorder } from "./http/exchange.ts";
import { createHttpServer } from "./http/server.ts";
import { createStore, type Store } from "./store/store.ts";
import { createVersions, steadyClock } from "./store/version.ts";

/** Ten sweeps a second of this many entries pass a million in under a minute, and take well under a millisecond each. */
const sweep = { everyMs: 100, visits: 2_000 };
const runtimeEveryMs = 1_000;
/** For all bodies that are arriving at once; the pod's headroom beyond maxMemory covers it. */
const bodyBudgetBytes = 32 * 2 ** 20;
/** After the requests are drained: telemetry and the management port. */
const closingMs = 2_000;

const readConfig = (): ResponderConfig => {
  try {
    return parseEnv(process.env);
  } catch (err) {
    process.stderr.write(`kv-responder: ${err instanceof Error ? err.message : String(err)}\n`);
    process.exit(2);
  }
};

const observe = (metrics: Instruments<typeof responderMetrics>, store: Store, log: Logger, config: ResponderConfig) => {
  metrics.kv_info.set({ tenant: config.tenant, version }, 1);
  metrics.kv_memory_limit_bytes.set(config.maxMemoryBytes);
  metrics.kv_entries.collect(() => store.stats().entries);
  metrics.kv_memory_used_bytes.collect(() => store.stats().usedBytes);
  metrics.kv_evictions_total.with({ reason: "memory" }).collect(() => store.stats().evictions);
  metrics.kv_expirations_total.collect(() => store.stats().expirations);
  metrics.kv_logs_dropped_total.collect(() => log.dropped());
};

const followRuntime = (path: string, log: Logger) =>
  pollFile({
    path,
    everyMs: runtimeEveryMs,
    timers: systemTimers,
    onText: (text) => {
      const { logLevel } = parseRuntime(text);
      const before = log.level();
      if (logLevel === before) return;
      // the line must be seen whichever of the two levels hides it
      log.setLevel("info");
      log.info({ from: before, to: logLevel }, "log level changed");
      log.setLevel(logLevel);
    },
    onProblem: (err) => log.warn({ err, path }, "runtime settings not read; the last ones stay in force"),
  });

const main = async () => {
  const config = readConfig();
  const { tenant, name, namespace, pod, service } = config;
  const log = createLogger({ base: { service, tenant, namespace, pod, kvresponder: name, version } });
  const telemetry = createTelemetry(responderMetrics);
  const { metrics } = telemetry;

  const now = steadyClock(systemClock);
  const store = createStore({ maxBytes: config.maxMemoryBytes, now, nextVersion: createVersions({ now, node: randomBytes(4).readUInt32BE() }) });
  observe(metrics, store, log, config);

  let state: "starting" | "serving" | "draining" = "starting";
  const recorder = createRecorder({ metrics, log, clock: systemClock });
  const readBody = createBodyReader({ maxBytes: config.maxValueBytes, budgetBytes: Math.max(bodyBudgetBytes, config.maxValueBytes) });
  const api = createHttpServer({
    app: createApi({ log, exposition: telemetry, kv: { store, readBody, maxValueBytes: config.maxValueBytes, defaultTtlSeconds: config.defaultTtlSeconds } }),
    recorder,
    timers: systemTimers,
    limits: { connections: config.maxConnections },
    connections: { opened: () => metrics.kv_connections.inc({ protocol: "http" }), closed: () => metrics.kv_connections.dec({ protocol: "http" }), rejected: () => metrics.kv_connections_rejected_total.inc({ protocol: "http" }) },
  });
  const management = createHttpServer({
    app: createManagement({
      log,
      exposition: telemetry,
      health: {
        live: {},
        ready: { serving: () => (state === "serving" ? undefined : `the process is ${state}`) },
        info: () => ({ tenant, name, namespace, pod, service, version, node: process.version, uptimeSeconds: Math.floor(process.uptime()), state }),
      },
    }),
    recorder,
    timers: systemTimers,
  });

  manageLifecycle({
    signals: process,
    log,
    timers: systemTimers,
    limitMs: config.drainSeconds * 1000 + closingMs,
    exit: (code) => process.exit(code),
    stop: async () => {
      state = "draining";
      const cut = await api.drain(config.drainSeconds * 1000);
      if (cut > 0) log.warn({ requests: cut, drainSeconds: config.drainSeconds }, "requests cut at the end of the drain");
      // last, so that probes and scrapes see the drain
      await management.drain(0);
    },
  });

  if (config.runtimeFile !== undefined) followRuntime(config.runtimeFile, log);
  systemTimers.every(sweep.everyMs, () => store.sweep(sweep.visits));
  const host = config.host === "*" ? undefined : config.host;
  const [http, managementAt] = await Promise.all([api.listen(host, config.httpPort), management.listen(host, config.metricsPort)]);
  state = "serving";
  log.info({ http: { host: http.address, port: http.port }, management: { host: managementAt.address, port: managementAt.port }, maxMemoryBytes: config.maxMemoryBytes }, "serving");
};

await main();
