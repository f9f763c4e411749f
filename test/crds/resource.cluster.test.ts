// What the API server makes of the CRD: defaults, columns, subresources, kubectl explain, and a tenant that cannot change.
import { join } from "node:path";
import { apiVersion, kind } from "#crds/names";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cluster } from "../cluster/index.ts";
import { expectGolden } from "../support/golden.ts";
import { collection, startWithCrd } from "./installed.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startWithCrd();
});
afterAll(() => cluster?.stop());

interface Live {
  readonly spec: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
  readonly message?: string;
}

const at = (name: string): string => `${collection()}/${name}`;
const create = (name: string, spec?: object) => cluster.request<Live>("POST", collection(), { apiVersion, kind, metadata: { name }, ...(spec && { spec }) });
const merge = (path: string, patch: object) => cluster.request<Live>("PATCH", path, patch, { contentType: "application/merge-patch+json" });
const live = (name: string) => cluster.get<Live>(at(name));

describe("defaults", () => {
  test("a resource without a spec gets the whole default spec", async () => {
    expect((await create("bare")).status).toBe(201);
    expect((await live("bare"))?.spec).toMatchObject({ replicas: 3, cache: { maxMemory: "256Mi" }, monitoring: { serviceMonitor: { interval: "30s" } } });
  });

  test("status.observedGeneration is -1 until the operator has been there, and no user can set status", async () => {
    const { status } = await cluster.request("POST", collection(), { apiVersion, kind, metadata: { name: "untouched" }, status: { observedGeneration: 7, tenant: "forged" } });
    expect(status).toBe(201);
    expect((await live("untouched"))?.status).toEqual({ observedGeneration: -1 });
    await merge(at("untouched"), { status: { observedGeneration: 8 } });
    expect((await live("untouched"))?.status).toEqual({ observedGeneration: -1 });
  });

  test("a written status is kept, and does not raise the generation", async () => {
    await create("visited");
    expect((await merge(`${at("visited")}/status`, { status: { observedGeneration: 1, tenant: "visited" } })).status).toBe(200);
    expect(await live("visited")).toMatchObject({ metadata: { generation: 1 }, status: { observedGeneration: 1, tenant: "visited" } });
  });

  test("a status that the schema does not allow is refused: our own writer is held to it too", async () => {
    await create("strict");
    const refused = await merge(`${at("strict")}/status`, { status: { conditions: [{ type: "Ready" }] } });
    expect(refused.status).toBe(422);
  });
});

describe("the tenant is immutable", () => {
  const immutable = "the tenant (spec.tenant, or metadata.name when unset) is immutable; create a new KVResponder for another tenant";
  const cases: [what: string, before: object, patch: object, allowed: boolean][] = [
    ["changing it", { tenant: "a" }, { tenant: "b" }, false],
    ["setting it to another than the name", {}, { tenant: "b" }, false],
    ["clearing it", { tenant: "a" }, { tenant: null }, false],
    ["setting it to the name, which it was", {}, { tenant: "NAME" }, true],
    ["clearing it where it was the name", { tenant: "NAME" }, { tenant: null }, true],
    ["changing anything else", { tenant: "a" }, { replicas: 5 }, true],
  ];

  test.each(cases.map((c, i) => [c[0], `immutable-${i}`, ...c.slice(1)] as const))("%s", async (_, name, before, patch, allowed) => {
    const named = (spec: unknown) => JSON.parse(JSON.stringify(spec).replace("NAME", name)) as object;
    expect((await create(name, named(before))).status).toBe(201);
    const answer = await merge(at(name), { spec: named(patch) });
    expect(answer.status).toBe(allowed ? 200 : 422);
    if (!allowed) expect(answer.body.message).toContain(`spec.tenant: Invalid value: ${immutable}`);
  });

  test("in two steps neither: each step is refused", async () => {
    await create("in-steps", { tenant: "a" });
    for (const tenant of [null, "b"]) expect((await merge(at("in-steps"), { spec: { tenant } })).status).toBe(422);
    expect((await live("in-steps"))?.spec).toMatchObject({ tenant: "a" });
  });

  test("nor by replacing the whole spec", async () => {
    await create("replaced", { tenant: "a" });
    const now = await live("replaced");
    expect((await cluster.request("PUT", at("replaced"), { ...now, spec: {} })).status).toBe(422);
  });
});

describe("kubectl", () => {
  test("get shows tenant, readiness and why, also by the short name and in its category", async () => {
    await create("shown");
    await merge(`${at("shown")}/status`, {
      status: {
        observedGeneration: 1,
        tenant: "acme",
        ready: "2/3",
        peers: "1/2",
        conditions: [
          { type: "Stalled", status: "False", reason: "NotStalled", message: "", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" },
          { type: "Ready", status: "False", reason: "WorkloadUnavailable", message: "", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" },
        ],
      },
    });
    const [head, row] = (await cluster.kubectl("get", "kvr", "shown")).trim().split("\n");
    expect(head?.split(/\s+/)).toEqual(["NAME", "TENANT", "READY", "STATUS", "AGE"]);
    expect(row).toMatch(/^shown\s+acme\s+2\/3\s+WorkloadUnavailable\s+\d+s$/);
    const wide = (await cluster.kubectl("get", "kvr", "shown", "-o", "wide")).trim().split("\n").map((line) => line.split(/\s+/));
    expect(wide.map((cells) => cells[4])).toEqual(["PEERS", "1/2"]);
    // a category of one kind prints as that kind does
    expect(await cluster.kubectl("get", "kvresponder", "-o", "name")).toContain("kvresponder.kvresponder.io/shown");
    expect(await cluster.kubectl("api-resources", "--categories=kvresponder", "-o", "name")).toBe("kvresponders.kvresponder.io\n");
  });

  test("scale works, and stays inside the schema", async () => {
    await create("scaled");
    await merge(`${at("scaled")}/status`, { status: { observedGeneration: 1, replicas: 3, selector: "kvresponder.io/name=scaled" } });
    await cluster.kubectl("scale", "kvr/scaled", "--replicas=5");
    expect((await live("scaled"))?.spec).toMatchObject({ replicas: 5 });
    expect(await cluster.get(`${at("scaled")}/scale`)).toMatchObject({ spec: { replicas: 5 }, status: { replicas: 3, selector: "kvresponder.io/name=scaled" } });
    await expect(cluster.kubectl("scale", "kvr/scaled", "--replicas=17")).rejects.toThrow(/less than or equal to 16/);
    await create("alone", { replicas: 1, replication: { mode: "None" } });
    await expect(cluster.kubectl("scale", "kvr/alone", "--replicas=2")).rejects.toThrow("replication.mode None is for one pod at most");
  });

  test("wait --for=condition finds the condition", async () => {
    await create("awaited");
    await merge(`${at("awaited")}/status`, { status: { observedGeneration: 1, conditions: [{ type: "Ready", status: "True", reason: "AllReady", message: "", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" }] } });
    expect(await cluster.kubectl("wait", "kvr/awaited", "--for=condition=Ready", "--timeout=5s")).toContain("condition met");
  });

  test.each(["spec", "spec.cache", "spec.replication", "spec.monitoring.serviceMonitor", "status.conditions"])("explain kvresponder.%s reads well", async (field) => {
    expectGolden(join(import.meta.dirname, "explain", `${field}.txt`), await cluster.kubectl("explain", `kvresponder.${field}`));
  });
});
