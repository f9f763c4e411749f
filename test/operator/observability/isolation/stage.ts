// The pods of three tenants, the Prometheus that scrapes them, its Alertmanager, and where that tells of alerts: all of them real, on loopback.
import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlertName } from "#crds/alerts";
import { reservePort } from "../../../cluster/ports.ts";
import { alertmanagerYaml, startAlertmanager, type Labels } from "../../../support/alertmanager.ts";
import { startPosts } from "../../../support/notified.ts";
import { startPrometheus, type Prometheus } from "../../../support/prometheus.ts";
import { startMesh, type Mesh } from "../../../responder/replication/mesh.ts";
import { path, type Who } from "../tenants.ts";
import { writeHistory } from "./history.ts";
import { faulty, isOf, platformOf, tenants, type Tenant } from "./tenants.ts";

interface Told {
  readonly status: string;
  readonly labels: Labels;
}

export interface Stage extends AsyncDisposable {
  readonly prometheus: Prometheus;
  meshOf(who: Tenant): Mesh;
  /** Names of alerts that Prometheus has pending or firing. */
  alertsOf(who: Who): Promise<string[]>;
  isFiring(name: AlertName): Promise<boolean>;
  /** Alerts in the messages that arrived at this tenant's receiver. */
  told(who: Who): readonly Told[];
  /** The collector of the faulty tenant's spans takes none. */
  refuseSpans(refuse: boolean): void;
}

/** Its own pods have little memory, so that it can be filled, and a collector. */
const faultyEnv = (collector: string) => ({ KVR_MAX_MEMORY: String(4 * 2 ** 20), KVR_TRACE_ENDPOINT: collector });

export const startStage = async (): Promise<Stage> => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "kvr-isolation-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const posts = opened.use(await startPosts());

  let spans = 200;
  const collector = createServer((request, response) => void request.resume().on("end", () => response.writeHead(spans, { "content-type": "application/json" }).end("{}")));
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  opened.defer(() => {
    collector.closeAllConnections();
    collector.close();
  });
  const collectorUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

  // kept over restarts, as a pod keeps its address
  const ports = new Map<string, number>();
  for (const letter of tenants.flatMap(({ pods }) => [...pods])) {
    const { port, release } = await reservePort();
    opened.defer(release);
    ports.set(letter, port);
  }
  const addressOf = (letter: string): string => `127.0.0.1:${ports.get(letter)}`;

  const meshes = new Map<Tenant, Mesh>();
  for (const who of tenants) {
    const { namespace, name, tenant, pods } = who;
    const env = { KVR_NAMESPACE: namespace, KVR_NAME: name, KVR_TENANT: tenant, KVR_EVICTION_POLICY: "NoEviction", ...(who === faulty && faultyEnv(collectorUrl)) };
    const envOf = Object.fromEntries([...pods].map((letter) => [letter, { KVR_METRICS_PORT: String(ports.get(letter)) }]));
    const mesh = opened.use(await startMesh(pods, { env, envOf }));
    // how late the event loop was is told since the last scrape, and nobody minds how late it was at the start
    for (const { management } of mesh.pods) await (await fetch(`${management}/metrics`)).arrayBuffer();
    meshes.set(who, mesh);
  }

  const { groups, alertmanagerConfigs, scrapeConfigs } = platformOf(posts.url);
  // the strategy that adds no matcher of its own: ours alone keep tenants apart
  const config = await alertmanagerYaml({ namespace: "monitoring", strategy: "None", base: "{ route: { receiver: nobody }, receivers: [{ name: nobody }] }", configs: alertmanagerConfigs });
  const alertmanager = opened.use(await startAlertmanager(config));
  const alerting = { alertmanagers: [{ static_configs: [{ targets: [alertmanager.address] }] }] };
  const data = await writeHistory(folder, addressOf);
  const prometheus = opened.use(await startPrometheus({}, groups, { data, config: { alerting, scrape_configs: scrapeConfigs(addressOf) } }));

  const active = async () => ((await prometheus.ask("alerts", {})) as { alerts: { state: string; labels: Labels }[] }).alerts;
  const all = opened.move();
  return {
    prometheus,
    meshOf: (who) => meshes.get(who)!,
    alertsOf: async (who) => (await active()).filter(({ labels }) => isOf(who, labels)).map(({ labels }) => labels["alertname"] ?? ""),
    isFiring: async (name) => (await active()).some(({ state, labels }) => state === "firing" && labels["alertname"] === name && isOf(faulty, labels)),
    told: (who) => (posts.at(path(who)) as readonly { alerts: readonly Told[] }[]).flatMap(({ alerts }) => alerts),
    refuseSpans: (refuse) => void (spans = refuse ? 400 : 200),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
};
