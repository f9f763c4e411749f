// `make demo`: from nothing to two tenants with their monitoring, replicated entries, traces and an alert that fires and ends, checked, with addresses to try. --once ends after the checks.
import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildImages } from "../../build/images.ts";
import { waitFor } from "../cluster/index.ts";
import { redisRoundTrip, roundTrip, untilServed } from "../support/one-connection.ts";
import { contextStage } from "./context-stage.ts";
import { localStage } from "./local-stage.ts";
import { showAlert, showMonitoring } from "./monitoring.ts";
import { showReplication } from "./replication.ts";
import type { Stage } from "./stage.ts";
import { showTelemetry, traceTo } from "./telemetry.ts";

const root = resolve(import.meta.dirname, "../..");
const { values } = parseArgs({ options: { context: { type: "string" }, once: { type: "boolean", default: false } } });

const began = Date.now();
const say = (line: string) => console.log(`[${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s] ${line}`);

interface Tenant {
  metadata: { namespace: string; name: string };
  status?: { tenant?: string; replicas?: number; tokenSecret?: string; endpoints?: { resp?: string }; conditions?: { type: string; status: string; message: string }[] };
}

const tenantsOf = async (stage: Stage): Promise<Tenant[]> => (JSON.parse(await stage.kubectl(["get", "kvresponders", "-A", "-o", "json"])) as { items: Tenant[] }).items;

const untilReady = (stage: Stage): Promise<Tenant[]> =>
  waitFor(
    "every tenant is Ready",
    async () => {
      const tenants = await tenantsOf(stage);
      const waiting = tenants.flatMap((t) => (t.status?.conditions ?? []).filter((c) => c.type === "Ready" && c.status !== "True").map((c) => `${t.metadata.name}: ${c.message}`));
      if (waiting.length > 0) throw new Error(waiting.join("; "));
      return tenants.length > 0 && tenants.every((t) => t.status?.conditions !== undefined) && tenants;
    },
    { timeoutMs: 180_000, intervalMs: 500 },
  );

/** As the notes say it is read. */
const tokenOf = async (stage: Stage, { metadata: { namespace }, status }: Tenant): Promise<string> =>
  Buffer.from(await stage.kubectl(["get", "secret", status?.tokenSecret ?? "", "-n", namespace, "-o", "jsonpath={.data.token}"]), "base64").toString();

/** Writes through the tenant's Service and reads back, over each protocol that it speaks. Returns lines that say where it is. */
const checkTenant = async (stage: Stage, tenant: Tenant): Promise<string[]> => {
  const { namespace, name } = tenant.metadata;
  const service = `kv-responder-${name}`;
  const [token, value] = [await tokenOf(stage, tenant), `hello from ${name}`];
  const http = await stage.forward({ namespace, service, port: 80 });
  await untilServed(http.url);
  const { value: read } = await roundTrip(http.url, "greeting", value, token);
  const resp = tenant.status?.endpoints?.resp;
  const redis = resp === undefined ? undefined : await stage.forward({ namespace, service, port: Number(new URL(resp).port) });
  const answer = redis ? await redisRoundTrip(redis, "greeting", value, token) : value;
  if (read !== value || answer !== value) throw new Error(`${namespace}/${name} does not answer what was put: ${JSON.stringify({ http: read, redis: answer })}`);
  const line = (label: string, text: string) => `  ${label.padEnd(24)} ${text}`;
  return [line(`${namespace}/${name}`, http.url), ...(redis ? [line("  Redis protocol", `redis://${redis.host}:${redis.port}`)] : [])];
};

const play = async (stage: Stage): Promise<void> => {
  const monitoring = await stage.monitoring();
  if (monitoring) say("Prometheus Operator, a Prometheus over all ServiceMonitors and rules, and an Alertmanager are ready");

  const collector = await stage.jaeger();
  if (collector) say("a Jaeger for traces is ready");

  say("installing CRD, RBAC and operator: kubectl apply -k config/default");
  await stage.kubectl(["apply", "--server-side", "-k", resolve(root, "config/default")]);
  // ready means that it watches KVResponders: they can be applied from then on
  await stage.kubectl(["rollout", "status", "-n", "kv-responder-system", "deploy/kv-responder-operator", "--timeout=120s"]);

  say("two tenants: kubectl apply -f examples/tenants");
  await stage.kubectl(["apply", "-f", resolve(root, "examples/tenants")]);
  if (collector) await stage.kubectl(["patch", "kvresponder", "checkout", "-n", "default", "--type=merge", "-p", traceTo(collector)]);
  const tenants = await untilReady(stage);

  const endpoints: string[] = [];
  for (const tenant of tenants) endpoints.push(...(await checkTenant(stage, tenant)));
  say("wrote and read through each tenant's Service, with its token, over HTTP and the Redis protocol");

  const [first] = tenants;
  if (!first) throw new Error("examples/tenants holds no tenant");
  const { namespace, name } = first.metadata;
  const scene = { stage, namespace, name, token: await tokenOf(stage, first), say };
  await showTelemetry({ ...scene, collector });
  await showReplication(scene);

  if (monitoring) {
    const watched = tenants.map(({ metadata, status }) => ({ namespace: metadata.namespace, name: metadata.name, tenant: status?.tenant ?? "", replicas: status?.replicas ?? 0 }));
    for (const each of watched) await showMonitoring({ stage, monitoring, say }, each);
    // not the first, whose addresses are printed below
    const last = watched.at(-1);
    if (last) await showAlert({ stage, monitoring, say }, last);
  }

  const addressOf = (scheme: string) => endpoints.flatMap((line) => line.split(" ").filter((word) => word.startsWith(scheme)))[0] ?? "";
  const kinds = "deploy,svc,cm,secret,sa,pdb,servicemonitor,prometheusrule".split(",").slice(0, monitoring ? 8 : 6).join(",");
  console.log(`\n$ kubectl get kvresponders -A\n${await stage.kubectl(["get", "kvresponders", "-A"])}`);
  console.log(`$ kubectl get ${kinds} -n ${namespace} -l kvresponder.io/name=${name}\n${await stage.kubectl(["get", kinds, "-n", namespace, "-l", `kvresponder.io/name=${name}`])}`);
  console.log(["Addresses:", `  ${"API server".padEnd(24)} ${stage.server}`, ...endpoints, ...(monitoring ? [`  ${"Prometheus".padEnd(24)} ${monitoring.prometheus.url}/api/v1/targets`, `  ${"Alertmanager".padEnd(24)} ${monitoring.alertmanager.url}/api/v2/alerts`] : []), ...(collector ? [`  ${"Jaeger".padEnd(24)} ${collector.query.url}/api/traces?service=kv-responder-${name}`] : [])].join("\n"));
  console.log(`
Try next, in another terminal:
  ${stage.kubectlHint}
  TOKEN=$(kubectl get secret -n ${namespace} "$(kubectl get kvr -n ${namespace} ${name} -o jsonpath='{.status.tokenSecret}')" -o jsonpath='{.data.token}' | base64 -d)
  curl -H "Authorization: Bearer $TOKEN" ${addressOf("http://")}/v1/kv/greeting
  REDISCLI_AUTH=$TOKEN redis-cli -u ${addressOf("redis://")} get greeting
  kubectl annotate kvr/${name} -n ${namespace} kvresponder.io/rotate-token=1    # a second token; both are accepted for an hour
  kubectl scale kvresponder/${name} -n ${namespace} --replicas=1 && kubectl get kvr -n ${namespace} -w
  kubectl delete deploy/kv-responder-${name} -n ${namespace}      # it comes back
  kubectl explain kvresponder.spec
`);
};

const main = async (): Promise<void> => {
  const interrupted = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  say("building the images (bundles, no daemon)");
  const images = (await buildImages()).map((i) => i.path);
  await using stage = await (values.context === undefined ? localStage(images, say) : contextStage(values.context, images, say));
  await Promise.race([play(stage), interrupted.then(() => Promise.reject(new Error("interrupted")))]);
  if (!values.once) {
    console.log("Ctrl-C ends the demo.");
    await interrupted;
  }
  say(values.context === undefined ? "ending: nothing is left behind" : "the tenants stay; remove them with kubectl delete -f examples/tenants && kubectl delete -k config/default");
};

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
