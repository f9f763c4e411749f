// Flux sees in a KVResponder what Argo CD sees: its kstatus, computed by Flux's own code, against our health. And the manifests of config/flux are ones that Flux's types accept.
import { globSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { fixtures } from "./fixtures.ts";
import { loadLua } from "./lua.ts";
import { type Health, healthScript } from "./scripts.ts";
import { generation, objectOf, type State, states } from "./states.ts";
import { askFlux } from "./tools.ts";

// the first use may build it
beforeAll(async () => void (await askFlux({})), 1_800_000);

const healthOf = loadLua(healthScript);

/** What each kstatus is in Argo CD's words. */
const same: Readonly<Record<string, Health["status"]>> = { Current: "Healthy", InProgress: "Progressing", Failed: "Degraded", Terminating: "Progressing" };

const hopeless = new Set(["QuotaExceeded", "RolloutStuck", "SecretMissing"]);

/** Where both differ, and why. The operator brings about the first two alone; docs/gitops.md tells of them. */
const differences: readonly { readonly why: string; readonly pair: string; readonly holds: (s: State) => boolean }[] = [
  { why: "kstatus has no word for paused: it says what Ready says", pair: "* Suspended", holds: (s) => s.paused === "True" && s.observed === generation && s.spokenOf === generation && !s.deleting },
  { why: "kstatus leaves it to a time-out whether pods still come; Argo CD has none", pair: "InProgress Degraded", holds: (s) => hopeless.has(s.workload) },
  { why: "kstatus takes Ready False for work under way; a reason that needs a person does not go by", pair: "InProgress Degraded", holds: (s) => s.ready === "False" && !["WorkloadUnavailable", "ApplyFailed"].includes(s.readyReason) },
  { why: "pods that lack something, but Ready True: the operator never says both", pair: "Current Degraded", holds: (s) => s.ready !== "False" && hopeless.has(s.workload) },
  { why: "Reconciling before Stalled, in the order of the list: the operator never says both", pair: "InProgress Degraded", holds: (s) => s.reconciling === "True" && s.stalled === "True" },
  { why: "no observedGeneration: kstatus takes that for seen; the CRD's default is -1", pair: "* Progressing", holds: (s) => s.observed === undefined },
  { why: "kstatus does not look at the generation that a condition speaks of: the operator writes all at once", pair: "* Progressing", holds: (s) => s.spokenOf !== s.observed },
  { why: "no Ready: kstatus takes that for current; the operator always says it", pair: "Current Progressing", holds: (s) => s.ready === "absent" },
];

const explains = (pair: string, kstatus: string, health: string): boolean => pair === `${kstatus} ${health}` || pair === `* ${health}`;

describe("kstatus and health", () => {
  test("agree in every state, or the difference is one that is explained", async () => {
    const { status } = await askFlux({ status: states.map(objectOf) });
    const found = new Map<string, number>();
    const unexplained = states.flatMap((state, i) => {
      const answer = status?.[i] ?? { error: "nothing" };
      const kstatus = "error" in answer ? answer.error : answer.status;
      const health = (healthOf(objectOf(state)).result as Health).status;
      if (same[kstatus] === health) return [];
      const reason = differences.find(({ pair, holds }) => explains(pair, kstatus, health) && holds(state));
      if (!reason) return [{ state, kstatus, health }];
      found.set(reason.why, (found.get(reason.why) ?? 0) + 1);
      return [];
    });
    expect(unexplained).toEqual([]);
    // none is explained in vain
    expect([...found.keys()].toSorted()).toEqual(differences.map((d) => d.why).toSorted());
  }, 180_000);

  test("agree on what was recorded, but for what is paused and for pods that cannot come", async () => {
    const names = Object.keys(fixtures);
    const { status } = await askFlux({ status: Object.values(fixtures) });
    const differ = names.flatMap((name, i) => {
      const kstatus = status?.[i];
      const health = (healthOf(fixtures[name] ?? {}).result as Health).status;
      const said = kstatus && "status" in kstatus ? kstatus.status : JSON.stringify(kstatus);
      return same[said] === health ? [] : [`${name}: ${said} ${health}`];
    });
    expect(differ.toSorted()).toEqual([
      "degraded_quota: InProgress Degraded",
      "degraded_rollout_stuck: InProgress Degraded",
      "degraded_secret_missing: InProgress Degraded",
      "no_status: Current Progressing",
      "paused: Current Suspended",
      "paused_with_change_pending: InProgress Suspended",
    ]);
  });
});

describe("the manifests", () => {
  const files = globSync(["config/flux/*.yaml", "config/flux/helm/*.yaml"]);
  const manifests = files.map((file) => readFileSync(file, "utf8"));

  test("are what Flux's types have, and nothing else", async () => {
    expect(files.length).toBe(6);
    expect(await askFlux({ manifests })).toMatchObject({ manifests: files.map(() => "") });
  });

  test("a field that Flux does not have would be seen", async () => {
    const [wrong] = (await askFlux({ manifests: [(manifests[0] ?? "").replace("  interval:", "  Interval:")] })).manifests ?? [];
    expect(wrong).toContain("unknown field");
  });

  test("wait for each other: CRD, operator, tenants; and all of them exist", () => {
    const all = manifests.map((text) => parse(text) as { kind: string; metadata: { name: string }; spec: { dependsOn?: { name: string }[]; path?: string; wait?: boolean } });
    const kustomizations = Object.fromEntries(all.filter((m) => m.kind === "Kustomization").map(({ metadata, spec }) => [metadata.name, spec]));
    expect(kustomizations["kv-responder-tenants"]?.dependsOn).toEqual([{ name: "kv-responder-operator" }]);
    expect(kustomizations["kv-responder-operator"]?.dependsOn).toEqual([{ name: "kv-responder-crd" }]);
    for (const { path = "", wait } of Object.values(kustomizations)) {
      expect(globSync(`${path}/**/*.yaml`).length, path).toBeGreaterThan(0);
      expect(wait).toBe(true);
    }
  });
});
