// What the demo shows of a tenant's monitoring: its pods scraped, its rules evaluated, and an alert that fires while its pods are gone and ends when they are back.
import { waitFor } from "../cluster/index.ts";
import { activeAlerts } from "../cluster/monitoring/alertmanager.ts";
import { promQuery } from "../cluster/monitoring/index.ts";
import { activeTargets, loadedRules } from "../cluster/monitoring/prometheus-api.ts";
import type { Monitoring, Stage } from "./stage.ts";

export interface MonitoringScene {
  readonly stage: Stage;
  readonly monitoring: Monitoring;
  readonly say: (line: string) => void;
}

export interface Watched {
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string;
  readonly replicas: number;
}

/** Scrapes come every 30 seconds unless a tenant says otherwise. */
const soon = { timeoutMs: 120_000, intervalMs: 500 };
const alert = "KVResponderDown";
const heldSeconds = 5;

const ofTenant = ({ namespace, name, tenant }: Watched) => (labels: Readonly<Record<string, string>>): boolean => labels["namespace"] === namespace && labels["kvresponder"] === name && labels["tenant"] === tenant;

const rulesOf = (prometheus: string, { namespace, name }: Watched) => loadedRules(prometheus, `kvresponder/${namespace}/${name}`);

/** Waits until every pod answers Prometheus. Resolves with their number. */
const allUp = (prometheus: string, watched: Watched): Promise<number> =>
  waitFor(`Prometheus sees every pod of ${watched.name}`, async () => {
    const targets = (await activeTargets(prometheus)).filter(({ labels }) => ofTenant(watched)(labels));
    return targets.length === watched.replicas && targets.every(({ health }) => health === "up") && targets.length;
  }, soon);

export const showMonitoring = async ({ monitoring: { prometheus }, say }: MonitoringScene, watched: Watched): Promise<void> => {
  const up = await allUp(prometheus.url, watched);
  const rules = await waitFor(`the rules of ${watched.name} are evaluated without an error`, async () => {
    const loaded = await rulesOf(prometheus.url, watched);
    return loaded.length > 0 && loaded.every(({ health }) => health === "ok") && loaded;
  }, soon);
  const alerts = rules.filter(({ type }) => type === "alerting").length;
  say(`monitoring: ${watched.namespace}/${watched.name}: ${up} targets up as tenant="${watched.tenant}", ${rules.length - alerts} recording rules and ${alerts} alerting rules evaluated without an error`);
};

/** The tenant is as it was when this resolves, but for how soon its alert fires and how often it is scraped. Throws when a neighbour's alert fires. */
export const showAlert = async ({ stage, monitoring: { prometheus, alertmanager }, say }: MonitoringScene, watched: Watched): Promise<void> => {
  const { namespace, name, replicas } = watched;
  const patch = (spec: object) => {
    const text = JSON.stringify({ spec });
    console.log(`$ kubectl patch kvresponder ${name} -n ${namespace} --type=merge -p '${text}'`);
    return stage.kubectl(["patch", "kvresponder", name, "-n", namespace, "--type=merge", "-p", text]);
  };
  const state = async () => (await promQuery(prometheus.url, `ALERTS{alertname="${alert}",namespace="${namespace}",kvresponder="${name}"}`))[0]?.metric["alertstate"];
  const held = async () => (await activeAlerts(alertmanager.url)).filter(({ labels }) => labels["alertname"] === alert);

  console.log();
  await patch({ monitoring: { serviceMonitor: { interval: "2s", scrapeTimeout: "2s" }, rules: { overrides: { [alert]: { for: `${heldSeconds}s` } } } } });
  await waitFor(`${alert} waits ${heldSeconds} s only`, async () => (await rulesOf(prometheus.url, watched)).find((rule) => rule.name === alert)?.duration === heldSeconds, soon);
  say(`alert: ${alert} of ${name} fires after ${heldSeconds} s now`);

  // paused, or the operator would put them back before anybody missed them
  await patch({ paused: true });
  console.log(`$ kubectl scale deploy/kv-responder-${name} -n ${namespace} --replicas=0`);
  await stage.kubectl(["scale", `deploy/kv-responder-${name}`, "-n", namespace, "--replicas=0"]);
  say(`alert: the operator looks away, and all ${replicas} pods of ${name} are killed`);
  await waitFor(`${alert} fires`, async () => (await state()) === "firing", soon);
  const arrived = await waitFor("the Alertmanager has it", async () => {
    const alerts = await held();
    return alerts.length > 0 && alerts;
  }, soon);
  const others = arrived.filter(({ labels }) => !ofTenant(watched)(labels));
  if (others.length > 0) throw new Error(`${alert} fires for others: ${JSON.stringify(others)}`);
  console.log(`\n$ curl ${alertmanager.url}/api/v2/alerts | jq -c '.[].labels'\n${arrived.map(({ labels }) => JSON.stringify(labels)).join("\n")}\n`);
  say(`alert: ${alert} of ${name} FIRING in Prometheus and Alertmanager; of nobody else`);

  await patch({ paused: false });
  await allUp(prometheus.url, watched);
  await waitFor(`${alert} has ended`, async () => (await state()) === undefined && (await held()).length === 0, soon);
  await stage.kubectl(["wait", `kvresponder/${name}`, "-n", namespace, "--for=condition=Ready", "--timeout=120s"]);
  say(`alert: the operator is back, and so are ${replicas} pods: ${alert} of ${name} RESOLVED in both`);
};
