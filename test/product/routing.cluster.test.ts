// The AlertmanagerConfig of a tenant against a real API server with the real CRD: made, found to lack a Secret, kept from a foreign one, and gone when nothing is routed any more.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../operator/objects.ts";
import type { Cluster } from "../cluster/types.ts";
import { childPath, children, condition, kvresponder, operatorWrites, path, waitForCondition, waitReady, type Resource } from "../support/kvresponders.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;
const merge = { contentType: "application/merge-patch+json" };

beforeAll(async () => {
  product = await startProduct({ audit: true });
  ({ cluster } = product);
});
afterAll(() => product?.stop());

const everywhere = {
  labels: { alertmanager: "main" },
  slack: { apiURL: { name: "chat", key: "slack" }, channel: "#orders", minSeverity: "info" },
  pagerduty: { routingKey: { name: "pager", key: "key" }, minSeverity: "critical" },
  webhook: { url: "https://hooks.example.com/orders", sendResolved: false },
  email: { to: "a@example.com, b@example.com", from: "alerts@example.com", smarthost: "smtp.example.com:587", authUsername: "alerts", authPassword: { name: "mail", key: "password" } },
};

const live = (name: string): Promise<KubeObject | undefined> => cluster.get<KubeObject>(childPath({ kind: "AlertmanagerConfig", metadata: { name: `kv-responder-${name}`, namespace: "team" } }));
const routing = async (name: string) => condition(await cluster.get<Resource>(path("team", name)), "RoutingReady");
const secret = (name: string, key: string) => ({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "team" }, stringData: { [key]: "https://example.com/" } });

test("without routing there is no object, and the condition says so", async () => {
  await cluster.apply(kvresponder("team", "plain"));
  await waitReady(cluster, "team", "plain");
  expect(await routing("plain")).toMatchObject({ status: "False", reason: "Disabled" });
  expect((await children(cluster, "team", "plain")).map((c) => c.kind)).not.toContain("AlertmanagerConfig");
});

test("every receiver is accepted by the CRD as it is written; the Secrets that are not there are named, and the cache is ready all the same", async () => {
  await cluster.apply(secret("mail", "password"));
  await cluster.apply(kvresponder("team", "a", { tenant: "acme", monitoring: { routing: everywhere } }));
  const resource = await waitForCondition(cluster, ["team", "a"], "RoutingReady", { status: "False", reason: "SecretMissing" });
  expect(condition(resource, "RoutingReady")?.message).toContain("no Secret chat, pager,");
  await waitReady(cluster, "team", "a");
  const object = await live("a");
  expect(object?.metadata.labels).toMatchObject({ alertmanager: "main", "kvresponder.io/tenant": "acme" });
  // the CRD prunes what it does not know: all of it is there
  const spec = object?.["spec"] as { receivers: { name: string }[]; route: { routes: unknown[] }; inhibitRules: unknown[] };
  expect(spec.receivers.map((r) => r.name)).toEqual(["nobody", "slack", "pagerduty", "webhook", "email"]);
  expect([spec.route.routes.length, spec.inhibitRules.length]).toEqual([4, 2]);
});

test("once the Secrets are there the condition follows, without a hand on the resource", async () => {
  await cluster.apply([secret("chat", "slack"), secret("pager", "key")]);
  await waitForCondition(cluster, ["team", "a"], "RoutingReady", { status: "True", reason: "Applied" });
});

test("the object as the API server keeps it is what was asked for: nothing is written again", async () => {
  const before = operatorWrites(await cluster.auditLog()).filter((e) => e.objectRef?.resource === "alertmanagerconfigs").length;
  await cluster.request("PATCH", path("team", "a"), { spec: { replicas: 2 } }, merge);
  await waitReady(cluster, "team", "a");
  const after = operatorWrites(await cluster.auditLog()).filter((e) => e.objectRef?.resource === "alertmanagerconfigs");
  expect(after).toHaveLength(before);
});

test("who takes away a matcher finds it put back: a tenant's route is never wider than the tenant", async () => {
  const spoilt = { spec: { route: { matchers: [{ name: "severity", value: "critical", matchType: "=" }] } } };
  const url = childPath({ kind: "AlertmanagerConfig", metadata: { name: "kv-responder-a", namespace: "team" } });
  expect((await cluster.request("PATCH", url, spoilt, merge)).status).toBe(200);
  await cluster.waitFor("the matchers to be put back", async () => {
    const spec = (await live("a"))?.["spec"] as { route: { matchers: { name: string }[] } } | undefined;
    return spec?.route.matchers.map((m) => m.name).join() === "namespace,tenant,kvresponder";
  });
});

test("when no receiver is named any more the object goes, and nothing else", async () => {
  await cluster.request("PATCH", path("team", "a"), { spec: { monitoring: { routing: null } } }, merge);
  await waitForCondition(cluster, ["team", "a"], "RoutingReady", { status: "False", reason: "Disabled" });
  expect(await live("a")).toBeUndefined();
  expect((await children(cluster, "team", "a")).map((c) => c.kind)).toContain("PrometheusRule");
});

test("somebody else's object of that name is left alone; when it goes, ours is made", async () => {
  const foreign = { apiVersion: "monitoring.coreos.com/v1alpha1", kind: "AlertmanagerConfig", metadata: { name: "kv-responder-b", namespace: "team", labels: { owner: "somebody" } }, spec: { receivers: [{ name: "theirs" }] } };
  await cluster.apply(foreign);
  await cluster.apply(kvresponder("team", "b", { monitoring: { routing: { webhook: { url: "https://hooks.example.com/b" } } } }));
  await waitForCondition(cluster, ["team", "b"], "RoutingReady", { status: "False", reason: "Conflict" });
  expect((await live("b"))?.["spec"]).toEqual(foreign.spec);
  await cluster.kubectl("delete", "-n", "team", "alertmanagerconfig/kv-responder-b");
  await waitForCondition(cluster, ["team", "b"], "RoutingReady", { status: "True", reason: "Applied" });
  expect((await live("b"))?.metadata.ownerReferences).toMatchObject([{ kind: "KVResponder", name: "b", controller: true }]);
});
