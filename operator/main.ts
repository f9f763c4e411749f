// The operator: reads its flags, puts the parts together, reconciles until it is told to stop.
import { hostname } from "node:os";
import { childName, label, managedBy } from "#crds/names";
import { systemClock, systemTimers } from "#lib/clock";
import { manageLifecycle, reportCrash } from "#lib/lifecycle";
import { version } from "#lib/version";
import { createTelemetry } from "#telemetry/instruments";
import { problemsOf } from "#telemetry/log-fields";
import { logProcess } from "#telemetry/log-process";
import { createLogger } from "#telemetry/logger";
import { controllerHooks, countChild, countPresence, countReport, followPhases, followQueue, followReflector, followRollouts, queueHooks, requestCounter } from "./instrument.ts";
import { identity } from "./identity.ts";
import { endpointSliceKind, kvResponderKind, ownedKinds, type Kind, type OwnedKind } from "./kinds.ts";
import { createClient, type RequestReport } from "./kube/client.ts";
import { createCluster } from "./kube/cluster.ts";
import { createEvents } from "./kube/events.ts";
import { createPresence } from "./kube/presence.ts";
import { createReflector } from "./kube/reflector.ts";
import { reflectEach } from "./kube/reflectors.ts";
import { listSelecting, namespaceLabels } from "./kube/selectors.ts";
import { KVResponderOperator } from "./kube/shell.ts";
import type { Reflector, ReflectorEvent } from "./kube/types.ts";
import { about, withFields } from "./log.ts";
import { operatorMetrics } from "./metrics.ts";
import { requestOf, type KVResponder, type Request } from "./objects.ts";
import { parseOptions, usage, type Options } from "./options.ts";
import { concerned, ownersOf } from "./owners.ts";
import { askPod } from "./peers/ask.ts";
import { podsOf } from "./peers/pods.ts";
import { createSurvey } from "./peers/survey.ts";
import { createLooks } from "./reconcile/looks.ts";
import { createReconcile } from "./reconcile/reconcile.ts";
import { createRollouts } from "./reconcile/rollouts.ts";
import type { Component } from "./render/meta.ts";
import { createResourceSeries } from "./resource-series.ts";
import { createController } from "./runtime/controller.ts";
import { createGenerations } from "./runtime/generations.ts";
import { createQueue } from "./runtime/queue.ts";
import { createTraces, describeResource } from "./runtime/traces.ts";
import { createScout } from "./selectors/scout.ts";
import { startServer } from "./server.ts";
import { startOperatorTracing } from "./tracing.ts";

/** A reconcile that runs at SIGTERM may end; the pod's grace period is longer. */
const graceMs = 10_000;
/** What is left for spans; together with the grace and the second after it less than the limit of the whole stop. */
const lastSpansMs = 3_000;

const readOptions = (): Options => {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (err) {
    const log = createLogger({ base: { ...identity() } });
    log.fatal({ problems: problemsOf(err), usage }, "configuration is not valid");
    log.flush();
    process.exit(2);
  }
};

const main = async (): Promise<void> => {
  const options = readOptions();
  const who = identity();
  const logger = createLogger({ base: { ...who }, level: options.logLevel });
  logProcess({ process, console, log: logger, clock: systemClock });
  reportCrash({ signals: process, log: logger, exit: (code) => process.exit(code) });
  const telemetry = createTelemetry(operatorMetrics);
  const { metrics } = telemetry;
  metrics.kvoperator_build_info.set({ version, node: process.version }, 1);
  metrics.kvoperator_logs_dropped_total.collect(logger.dropped);
  metrics.kvoperator_telemetry_seconds_total.with({ signal: "metrics" }).collect(telemetry.renderSeconds);
  const tracing = await startOperatorTracing(options, { who, log: logger, metrics });
  const traces = createTraces({
    tracing,
    monotonic: systemClock.monotonic,
    host: () => new URL(client.server).hostname,
    describe: (request) => describeResource(resources.store.get(request.namespace, request.name) as KVResponder | undefined),
  });
  const log = withFields(logger, traces.fields);
  const series = createResourceSeries(metrics, options.resourceSeries);
  const generations = createGenerations(systemClock, (seconds) => metrics.kvoperator_generation_lag_seconds.observe(seconds));

  const client = createClient({ kubeconfig: options.kubeconfig, userAgent: `kv-responder-operator/${version}`, onRequest: (report) => onRequest(report) });
  const countRequest = requestCounter(metrics, client.server);
  const onRequest = (report: RequestReport): void => {
    countRequest(report);
    traces.called(report);
  };
  const reflect = (kind: Kind, labelSelector?: string): Reflector => {
    const of = { kind: kind.kind };
    const hooks = { watchRestarted: () => metrics.kvoperator_watch_restarts_total.inc(of), listed: () => metrics.kvoperator_lists_total.inc(of) };
    const one = (namespace?: string) => createReflector({ client, kind, namespace, labelSelector, clock: systemClock, timers: systemTimers, log, hooks });
    const reflector = options.namespaces ? reflectEach(new Map(options.namespaces.map((namespace) => [namespace, one(namespace)]))) : one();
    followReflector(metrics, kind, { synced: () => reflector.state === "synced", stalenessMs: reflector.stalenessMs });
    return reflector;
  };
  const resources = reflect(kvResponderKind);
  followPhases(metrics, () => resources.store.list() as readonly KVResponder[]);
  const children = new Map<OwnedKind, Reflector>(ownedKinds.map((kind) => [kind, reflect(kind, `${label.managedBy}=${managedBy}`)]));
  // of the headless Services that are ours: slices carry the labels of their Service
  const slices = reflect(endpointSliceKind, `${label.managedBy}=${managedBy},${label.component}=${"peers" satisfies Component}`);
  // slices are not waited for: without them the pods' peers are not known, and everything else is
  const required = [resources, ...ownedKinds.flatMap((kind) => (kind.optional ? [] : (children.get(kind) ?? [])))];

  const survey = createSurvey({
    pods: ({ namespace, name }) => (slices.covers(namespace) ? podsOf(slices.store.list(namespace), childName.peers(name)) : undefined),
    ask: askPod,
    onNews: (request) => controller.enqueue(request),
    onAnswer: countReport(metrics),
    timers: systemTimers,
    random: Math.random,
  });
  const scout = createScout({
    list: (kind, signal) => listSelecting(client, kind, options.namespaces, signal),
    labels: (namespace, signal) => namespaceLabels(client, namespace, signal),
    within: options.namespaces,
    wantsLabels: options.tenantPolicy === "NamespaceLabel",
    namespaces: () => new Set(resources.store.list().map(({ metadata }) => metadata.namespace ?? "")),
    onNews: (namespace) => enqueue(resources.store.list(namespace).map(requestOf)),
    timers: systemTimers,
  });
  const deployments = [...children].flatMap(([kind, reflector]) => (kind.kind === "Deployment" ? [reflector] : []));
  const rollouts = createRollouts({
    limit: options.maxConcurrentRollouts,
    deployments: () => deployments.flatMap(({ store }) => store.list()),
    wake: (request) => controller.enqueue(request),
    monotonic: systemClock.monotonic,
  });
  followRollouts(metrics, options.maxConcurrentRollouts, rollouts.count);
  const events = createEvents({ client, clock: systemClock, log, instance: hostname() });
  const reconcile = createReconcile({
    cluster: createCluster({ client, resources, children }),
    options: { ...options, ...(who.namespace !== undefined && { operatorNamespace: who.namespace }) },
    survey,
    scout,
    rollouts,
    looks: createLooks({ monotonic: systemClock.monotonic, random: Math.random }),
    version,
    now: () => new Date(Math.floor(systemClock.wall() / 1_000) * 1_000).toISOString().replace(".000Z", "Z"),
    announce: (resource, announcement) => events.announce(resource, announcement),
    observe: (observation) => {
      countChild(metrics, observation);
      const { resource, child, result, drift, detail } = observation;
      log.info({ ...about(requestOf(resource)), kind: child.kind, name: child.metadata.name, result, drift, detail }, "child");
    },
    forget: series.forget,
    settled: (resource, status) => {
      series.show(resource, status);
      generations.answered(requestOf(resource), status.observedGeneration);
    },
  });
  const queue = createQueue({ clock: systemClock, timers: systemTimers, hooks: queueHooks(metrics) });
  const controller = createController({ queue, reconcile, workers: options.workers, clock: systemClock, timers: systemTimers, log, hooks: { ...controllerHooks(metrics, options.workers), around: traces.around } });
  followQueue(metrics, queue);

  const enqueue = (requests: readonly Request[]): void => {
    for (const request of requests) controller.enqueue(request);
  };
  const enqueueAll = (): void => enqueue(resources.store.list().map(requestOf));
  const onEvent = (kind: Kind, { type, object, old }: ReflectorEvent): void => {
    if (kind.kind === "Deployment") rollouts.moved();
    if (kind !== kvResponderKind) return enqueue(ownersOf(object, old));
    if (type === "deleted") generations.forget(requestOf(object));
    else generations.seen(object as KVResponder);
    enqueue(concerned(object as KVResponder, resources.store.list(object.metadata.namespace) as readonly KVResponder[]));
  };

  // the CRDs of optional kinds come and go; their watches follow, and every resource is looked at again
  const presence = createPresence({
    client,
    kinds: ownedKinds.filter((k) => k.optional),
    timers: systemTimers,
    log,
    onChange: (kind, present) => {
      const reflector = children.get(kind as OwnedKind);
      if (present) {
        reflector?.start();
        void reflector?.whenSynced().then(enqueueAll);
      } else {
        void reflector?.stop({ forget: true }).then(enqueueAll);
      }
    },
  });
  countPresence(metrics, presence.has);

  let reconciling = false;
  const shell = new KVResponderOperator({
    reflectors: [resources, ...children.values(), slices],
    onEvent,
    log,
    run: async () => {
      for (const reflector of [...required, slices]) reflector.start();
      await presence.start();
      // a half-filled store would look like missing resources. Optional kinds are not waited for: what their stores lack is asked for before it is written,
      // and a missing permission there must not keep the caches from being tended
      await Promise.all(required.map((r) => r.whenSynced()));
      controller.start();
      reconciling = true;
      log.info({ resources: resources.store.size, workers: options.workers, namespaces: options.namespaces }, "reconciling");
    },
  });

  const server = await startServer({
    host: options.host,
    port: options.port,
    page: telemetry.page,
    checks: { caches: () => (reconciling ? undefined : "the stores are not filled yet") },
  });
  log.info({ url: server.url, apiServer: client.server }, "listening");

  manageLifecycle({
    signals: process,
    log: logger,
    clock: systemClock,
    timers: systemTimers,
    limitMs: graceMs + 5_000,
    exit: (code) => process.exit(code),
    stop: async () => {
      reconciling = false;
      if (!(await controller.stop(graceMs))) log.warn({ graceMs }, "a reconcile did not end in time");
      survey.stop();
      scout.stop();
      await presence.stop();
      shell.stop();
      await client.close();
      await tracing.shutdown(lastSpansMs);
      await server.close();
    },
  });
  await shell.start();
};

await main();
