// The responder: reads its environment, puts the parts together, serves until it is told to stop.
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { parseEnv, type ResponderConfig } from "#contract/env";
import { transitBytes } from "#contract/memory";
import { handOverSeconds } from "#contract/replication";
import { responderMetrics } from "#contract/metrics";
import { parseRuntime, type RuntimeSettings } from "#contract/runtime";
import { systemClock, systemTimers } from "#lib/clock";
import { manageLifecycle } from "#lib/lifecycle";
import { deriveKey, readPeerSecret } from "#lib/peer-secret";
import { pollFile } from "#lib/poll-file";
import { createTurnClock } from "#lib/turn-clock";
import { version } from "#lib/version";
import { createTelemetry } from "#telemetry/instruments";
import { createLogger, type Logger } from "#telemetry/logger";
import { createAccess } from "./access.ts";
import { createApi, createManagement } from "./http/app.ts";
import { createBodyBudget } from "./http/body.ts";
import { observeConnections } from "./http/connection-observer.ts";
import { createRecorder } from "./http/exchange.ts";
import { createHttpServer } from "./http/server.ts";
import { drainObserver, evictionObserver, observe } from "./observe.ts";
import { createPeering, createPeeringJournal } from "./peering.ts";
import { createRespServer } from "./resp/server.ts";
import { createStore } from "./store/store.ts";

/** Fifty sweeps a second of this many steps: expiries that are due, and a table that grows. Measured: 2,000 steps of growth are a stall of 5 ms, these are half of one. */
const sweep = { everyMs: 20, steps: 200, mostMs: 2 };
const runtimeEveryMs = 1_000;
/** After the requests are drained: telemetry and the management port. */
const closingMs = 2_000;

const readConfig = (): ResponderConfig & { readonly secret: Buffer } => {
  try {
    const config = parseEnv(process.env);
    return { ...config, secret: readPeerSecret(config.peerSecretFile) };
  } catch (err) {
    process.stderr.write(`kv-responder: ${err instanceof Error ? err.message : String(err)}\n`);
    process.exit(2);
  }
};

const followRuntime = (path: string, log: Logger, onSettings: (settings: RuntimeSettings) => void) =>
  pollFile({
    path,
    everyMs: runtimeEveryMs,
    timers: systemTimers,
    onText: (text) => {
      const settings = parseRuntime(text);
      onSettings(settings);
      const { logLevel } = settings;
      const before = log.level();
      if (logLevel === before) return;
      // the line must be seen whichever of the two levels hides it
      log.setLevel("info");
      log.info({ from: before, to: logLevel }, "log level changed");
      log.setLevel(logLevel);
    },
    onProblem: (err) => log.warn({ err, path }, "runtime settings not read; the last ones stay in force"),
  });

const shown = (at: AddressInfo | undefined) => at && { host: at.address, port: at.port };

const main = async () => {
  const { secret, ...config } = readConfig();
  const { tenant, name, namespace, pod, service } = config;
  const log = createLogger({ base: { service, tenant, namespace, pod, kvresponder: name, version } });
  const telemetry = createTelemetry(responderMetrics);
  const { metrics } = telemetry;

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
  const runtime: { settings: Pick<RuntimeSettings, "ack" | "replicas"> } = { settings: { ack: "Local" } };
  const peering = createPeering({ config, secret, node, turn, metrics, log, runtime: () => runtime.settings }, store, replicated);
  const { replication } = peering;
  observe(telemetry, config, store, log);
  const access = createAccess(config, log);

  let state: "starting" | "serving" | "draining" = "starting";
  const recorder = createRecorder({ metrics, log, clock: systemClock });
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
      : createRespServer({ store, clock: turn, timers: systemTimers, auth: access.auth, metrics, limits, log, identity: { version, tenant }, ...rules, evictionPolicy, replication });
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
      // last, so that probes and scrapes see the drain
      await management.drain(0);
    },
  });

  // the first rendering compiles everything that the others use, 20 ms in one turn: not while clients wait
  await telemetry.render();
  if (config.runtimeFile !== undefined) followRuntime(config.runtimeFile, log, (settings) => void (runtime.settings = settings));
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
