// The responder: reads its environment, puts the parts together, serves until it is told to stop.
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { parseEnv, variable, type ResponderConfig } from "#contract/env";
import { transitBytes } from "#contract/memory";
import { handOverSeconds } from "#contract/replication";
import { responderMetrics } from "#contract/metrics";
import { systemClock, systemTimers } from "#lib/clock";
import { manageLifecycle, reportCrash } from "#lib/lifecycle";
import { deriveKey, readPeerSecret } from "#lib/peer-secret";
import { createTurnClock } from "#lib/turn-clock";
import { version } from "#lib/version";
import { createTelemetry } from "#telemetry/instruments";
import { problemsOf } from "#telemetry/log-fields";
import { logProcess } from "#telemetry/log-process";
import { createLogger } from "#telemetry/logger";
import { createAccess } from "./access.ts";
import { createApi, createManagement } from "./http/app.ts";
import { createBodyBudget } from "./http/body.ts";
import { createKeyHash, keyHashSaltBytes } from "./http/key-hash.ts";
import { observeConnections } from "./http/connection-observer.ts";
import { createRecorder } from "./http/exchange.ts";
import { createHttpServer } from "./http/server.ts";
import { drainObserver, evictionObserver, observe } from "./observe.ts";
import { createPeering, createPeeringJournal } from "./peering.ts";
import { createCommandObserver } from "./resp/command-observer.ts";
import { createRespServer } from "./resp/server.ts";
import { followSettings } from "./settings.ts";
import { reportStore } from "./store-report.ts";
import { createStore } from "./store/store.ts";
import { startTraces } from "./traces.ts";

/** Fifty sweeps a second of this many steps: expiries that are due, and a table that grows. Measured: 2,000 steps of growth are a stall of 5 ms, these are half of one. */
const sweep = { everyMs: 20, steps: 200, mostMs: 2 };
/** After the requests are drained: the last spans, and with them the management port. */
const tracesMs = 1_500;
const closingMs = tracesMs + 500;

const readConfig = (): ResponderConfig & { readonly secret: Buffer } => {
  try {
    const config = parseEnv(process.env);
    return { ...config, secret: readPeerSecret(config.peerSecretFile) };
  } catch (err) {
    const given = (name: keyof ResponderConfig) => process.env[variable[name]] || "local";
    const log = createLogger({ base: { service: given("service"), tenant: given("tenant"), namespace: given("namespace"), pod: given("pod"), kvresponder: given("name"), version } });
    log.fatal({ problems: problemsOf(err) }, "configuration is not valid");
    log.flush();
    process.exit(2);
  }
};

const shown = (at: AddressInfo | undefined) => at && { host: at.address, port: at.port };

const main = async () => {
  const { secret, ...config } = readConfig();
  const { tenant, name, namespace, pod, service } = config;
  const log = createLogger({ base: { service, tenant, namespace, pod, kvresponder: name, version } });
  logProcess({ process, console, log, clock: systemClock });
  reportCrash({ signals: process, log, exit: (code) => process.exit(code) });
  const telemetry = createTelemetry(responderMetrics);
  const { metrics } = telemetry;
  const spent = { metrics: 0, logs: 0, traces: 0 };
  const settings = followSettings({ path: config.runtimeFile, timers: systemTimers, log });
  const tracing = await startTraces({ config, sampleRatio: settings.current.traceSampleRatio, metrics, log, onSpent: (seconds) => void (spent.traces += seconds) });
  settings.onChange(({ traceSampleRatio }) => tracing.setRatio(traceSampleRatio));
  // loading takes time, in which it may have changed
  tracing.setRatio(settings.current.traceSampleRatio);

  const turn = createTurnClock();
  const node = randomBytes(4).readUInt32BE();
  const replicated = createPeeringJournal(config);
  const store = createStore({
    maxBytes: config.maxMemoryBytes,
    maxEntries: config.maxEntries,
    evictionPolicy: config.evictionPolicy,
    hashSeed: deriveKey(secret, "hash seed", 8),
    now: turn.now,
    node,
    onEvicted: evictionObserver(metrics),
    ...(replicated && { replication: replicated }),
  });
  const peering = createPeering({ config, secret, node, turn, metrics, log, tracing, runtime: () => settings.current }, store, replicated);
  const { replication } = peering;
  observe(telemetry, { tenant, store, log, spent });
  reportStore({ store, log, clock: systemClock, timers: systemTimers });
  const access = createAccess(config, log);

  let state: "starting" | "serving" | "draining" = "starting";
  const observed = {
    metrics,
    log,
    tracing,
    clock: systemClock,
    logging: () => settings.current.requests,
    hashKey: createKeyHash(deriveKey(secret, "key hash", keyHashSaltBytes)),
    onSpent: (signal: "metrics" | "logs", seconds: number) => void (spent[signal] += seconds),
  };
  const recorder = createRecorder(observed);
  const { maxValueBytes, defaultTtlSeconds, maxTtlSeconds, evictionPolicy } = config;
  const rules = { maxValueBytes, defaultTtlSeconds, maxTtlSeconds };
  const transit = transitBytes(maxValueBytes);
  const bodies = createBodyBudget(transit);
  const limits = { connections: config.maxConnections, outputBytes: transit };
  const api = createHttpServer({
    app: createApi({ log, exposition: telemetry, kv: { store, rules, bodies }, replication }),
    recorder,
    timers: systemTimers,
    limits,
    observer: observeConnections(metrics),
    auth: access.auth,
    fast: { store, rules, budget: bodies, turn, log, replication },
  });
  const resp =
    config.respPort === undefined
      ? undefined
      : createRespServer({ store, clock: turn, timers: systemTimers, auth: access.auth, metrics, limits, log, observer: createCommandObserver(observed), identity: { version, tenant }, ...rules, evictionPolicy, replication });
  const management = createHttpServer({
    app: createManagement({
      log,
      exposition: telemetry,
      health: {
        live: {},
        ready: { serving: () => (state === "serving" ? undefined : `the process is ${state}`), tokens: access.ready, ...peering.ready },
        info: () => ({ tenant, name, namespace, pod, service, version, node: process.version, uptimeSeconds: Math.floor(process.uptime()), state, replication: peering.info() }),
      },
    }),
    recorder,
    timers: systemTimers,
  });

  const draining = drainObserver(metrics, systemClock);
  manageLifecycle({
    signals: process,
    log,
    clock: systemClock,
    timers: systemTimers,
    limitMs: config.drainSeconds * 1000 + handOverSeconds * 1000 + closingMs,
    exit: (code) => process.exit(code),
    stop: async () => {
      state = "draining";
      draining();
      const ms = config.drainSeconds * 1000;
      const [http, commands] = await Promise.all([api.drain(ms), resp?.drain(ms)]);
      const requests = http + (commands ?? 0);
      if (requests > 0) log.warn({ requests, drainSeconds: config.drainSeconds }, "requests cut at the end of the drain");
      // what was acknowledged to clients and not yet to peers
      const records = await peering.leave(handOverSeconds * 1000);
      if (records > 0) log.warn({ records }, "peers did not take everything in time");
      await tracing.shutdown(tracesMs);
      // last, so that probes and scrapes see the drain
      await management.drain(0);
    },
  });

  // the first rendering compiles everything that the others use, 20 ms in one turn: not while clients wait
  await telemetry.render();
  systemTimers.every(sweep.everyMs, () => {
    turn.tick();
    const until = systemClock.monotonic() + sweep.mostMs;
    // where many are due at once, the next steps do not wait for the next sweep
    while (store.sweep(sweep.steps) > 0 && systemClock.monotonic() < until);
  });
  const host = config.host === "*" ? undefined : config.host;
  const [http, respAt, managementAt, peersAt] = await Promise.all([
    api.listen(host, config.httpPort),
    config.respPort === undefined ? undefined : resp?.listen(host, config.respPort),
    management.listen(host, config.metricsPort),
    peering.start(),
  ]);
  state = "serving";
  log.info({ http: shown(http), resp: shown(respAt), management: shown(managementAt), peers: shown(peersAt), maxMemoryBytes: config.maxMemoryBytes }, "serving");
};

await main();
