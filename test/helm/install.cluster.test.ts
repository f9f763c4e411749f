// helm install, upgrade and uninstall of the tenant chart against a real API server.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Cluster } from "../cluster/index.ts";
import { collection, startWithCrd } from "../crds/installed.ts";
import { chart, helm } from "./chart.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startWithCrd();
});
afterAll(() => cluster?.stop());

const run = (...args: string[]) => helm(args, { KUBECONFIG: cluster.kubeconfig });
const example = ["--values", "examples/monitoring-values.yaml", "--set", "tenant=production"];
const production = () => cluster.get<{ metadata: { generation: number }; spec: object }>(`${collection()}/production`);

test("install creates the tenant and says what to do next", async () => {
  const notes = await run("install", "kv-responder-prod", chart, ...example);
  expect(await production()).toMatchObject({ spec: { tenant: "production", replicas: 2, monitoring: { serviceMonitor: { interval: "15s" } } } });
  expect(notes).toContain("kubectl -n default wait kvr/production --for=condition=Ready");
  expect(notes).toContain("kubectl -n default port-forward svc/kv-responder-production 3000:80");
  expect(notes).toContain("logs -l kvresponder.io/name=production");
  expect(notes).toContain("get kvr production -o jsonpath='{.status.tokenSecret}'");
  expect(notes).toContain('curl -H "Authorization: Bearer $TOKEN" localhost:3000/v1/kv/greeting');
  expect(notes).not.toContain("redis-cli");
});

test.each<[string, string[], string[], string[]]>([
  ["without a token", ["auth.mode=None"], ["curl localhost:3000/v1/kv/greeting"], ["TOKEN"]],
  ["with a Secret of one's own", ["auth.secretName=mine"], ["your Secret mine", "Bearer $TOKEN"], ["tokenSecret"]],
  ["with the Redis protocol", ["protocols.resp.enabled=true,protocols.resp.port=7000"], ["redis://kv-responder-x.default.svc:7000", "6379:7000", "REDISCLI_AUTH=$TOKEN redis-cli"], []],
  ["with the Redis protocol and no token", ["protocols.resp.enabled=true,auth.mode=None"], ["  redis-cli get greeting", "6379:6379"], ["REDISCLI_AUTH"]],
])("the notes say what applies %s", async (_, [set = ""], said, unsaid) => {
  const notes = await run("install", "x", chart, "--dry-run=client", "--set", set);
  const text = notes.slice(notes.indexOf("NOTES:"));
  for (const line of said) expect(text).toContain(line);
  for (const line of unsaid) expect(text).not.toContain(line);
});

test("upgrade with the same values changes nothing; a field that is no longer set gets its default back", async () => {
  await run("upgrade", "kv-responder-prod", chart, ...example);
  expect((await production())?.metadata.generation).toBe(1);
  await run("upgrade", "kv-responder-prod", chart, "--set", "tenant=production");
  expect(await production()).toMatchObject({ spec: { tenant: "production", monitoring: { serviceMonitor: { interval: "30s" } } } });
});

test("what only the API server can judge fails the upgrade with its words", async () => {
  await expect(run("upgrade", "kv-responder-prod", chart, "--set", "tenant=production,resources.limits.memory=300Mi")).rejects.toThrow("the memory limit is too small for the cache");
});

test("uninstall removes it", async () => {
  await run("uninstall", "kv-responder-prod", "--wait");
  expect(await production()).toBeUndefined();
});
