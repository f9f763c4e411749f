// The commands of the runbooks, run: what they read is there, what they change is taken, and the platform's manifests are accepted by the real API server.
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alertNames } from "#crds/alerts";
import { platformAlertNames } from "../../operator/observability/platform-alerts.ts";
import { crdFile } from "../cluster/monitoring/crds.ts";
import type { Cluster } from "../cluster/types.ts";
import { commands, kubectlArguments, pageOf } from "../operator/observability/runbook-reader.ts";
import { kvresponder, waitReady } from "../support/kvresponders.ts";
import { startProduct, type Product } from "../support/product.ts";

const config = resolve(import.meta.dirname, "../../config");

let product: Product;
let cluster: Cluster;

beforeAll(async () => {
  product = await startProduct();
  ({ cluster } = product);
  await cluster.apply(crdFile("prometheuses"));
  await cluster.waitFor("Prometheus resources are served", async () => (await cluster.request("GET", "/apis/monitoring.coreos.com/v1/prometheuses")).status === 200);
  // so that every patch has something to change or to take away
  await cluster.apply(
    kvresponder("team", "orders", {
      cache: { evictionPolicy: "NoEviction", maxMemory: "64Mi" },
      resources: { limits: { cpu: "1", memory: "1Gi" } },
      tracing: { endpoint: "http://jaeger:4318" },
      logging: { requests: { sample: 1 } },
    }),
  );
  await waitReady(cluster, "team", "orders");
  // beside the operator that runs as a process; its pods are the fake kubelet's
  await cluster.apply(resolve(config, "manager/manager.yaml"));
}, 600_000);

afterAll(() => product?.stop());

test("kubectl apply -k config/prometheus is taken as it is", async () => {
  const applied = await cluster.kubectl("apply", "--server-side", "-k", resolve(config, "prometheus"));
  for (const made of ["service/kv-responder-operator-metrics", "servicemonitor.monitoring.coreos.com/kv-responder-operator", "prometheusrule.monitoring.coreos.com/kv-responder-operator"]) {
    expect(applied).toContain(`${made} serverside-applied`);
  }
  // a Service that selects nothing would be taken too
  await cluster.waitFor("the operator's Service has its pod", async () =>
    /^10\./m.test(await cluster.kubectl("get", "endpointslices", "-n", "kv-responder-system", "-l", "kubernetes.io/service-name=kv-responder-operator-metrics", "-o", "jsonpath={.items[*].endpoints[*].addresses[*]}")),
  );
});

/** What needs containers that run, or a person's own names. */
const elsewhere = /^(logs|port-forward|top|debug|cordon|delete)$/;
/** Changes are tried, not made. */
const dry = /^(patch|label|apply)$/;

interface Try {
  readonly command: string;
  readonly words: readonly string[];
}

const tries: readonly Try[] = [...new Set([...alertNames, ...platformAlertNames].flatMap((name) => commands(pageOf(name))))].flatMap((command) => {
  const words = kubectlArguments(command, { NS: "team", NAME: "orders" });
  if (!words) return [];
  const [verb = ""] = words[0] === "-n" ? words.slice(2) : words;
  if (elsewhere.test(verb) || words.includes("undo")) return [];
  const rooted = words.map((word) => (word.startsWith("config/") ? resolve(config, "..", word) : word));
  return [{ command, words: dry.test(verb) ? [...rooted, "--dry-run=server"] : rooted }];
});

/** Of a cluster that is well there are none. */
const mayBeNone = /^events$|^networkpolicies$|^prometheuses$|^validatingwebhookconfigurations|deletionTimestamp/;

describe("each command is understood, and names what is there", () => {
  test.each(tries)("$command", async ({ words }) => {
    const out = await cluster.kubectl(...words);
    // of an empty list kubectl says so on standard error, and succeeds
    if (!words.some((word) => mayBeNone.test(word))) expect(out.trim()).not.toBe("");
  });
});

test("a Deployment that was restarted by hand is not put back by the operator", async () => {
  await cluster.kubectl("-n", "team", "rollout", "restart", "deployment/kv-responder-orders");
  const restartedAt = () => cluster.kubectl("-n", "team", "get", "deployment", "kv-responder-orders", "-o", "jsonpath={.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}");
  const told = await restartedAt();
  expect(told).not.toBe("");
  // any change makes the operator look at it
  await cluster.kubectl("-n", "team", "patch", "kvresponder", "orders", "--type=merge", "-p", '{"spec":{"logging":{"level":"debug"}}}');
  await waitReady(cluster, "team", "orders");
  expect(await restartedAt()).toBe(told);
});
