// kube-score over all that is installed, and over all that the operator makes of the examples: nothing that is not explained in findings.ts.
import { describe, expect, test } from "vitest";
import { chart, helm, template } from "../helm/chart.ts";
import { accepted, findings, type Finding } from "./findings.ts";
import { childrenOf, everything, examples, kustomize, operatorTemplate } from "./rendered.ts";

const seen = new Set<string>();
const unexplained = async (manifests: string): Promise<Finding[]> => {
  const found = await findings(manifests);
  for (const { subject, check } of found) seen.add(`${subject} ${check}`);
  return found.filter(({ subject, check }) => !(check in accepted[subject]));
};

/** What belongs together is scored together: a Service wants to see its pods. */
const together = async (...folders: string[]): Promise<string> => (await Promise.all(folders.map(kustomize))).join("\n---\n");

describe("nothing is found that is not explained", () => {
  test("in config/default", async () => expect(await unexplained(await together("default"))).toEqual([]));
  test("in config/namespaced", async () => expect(await unexplained(await together("namespaced"))).toEqual([]));
  test("in config/default with what can be added to it", async () => expect(await unexplained(await together("default", "prometheus", "network-policy"))).toEqual([]));
  test("in the operator's chart", async () => expect(await unexplained(await operatorTemplate())).toEqual([]));
  test("in the operator's chart with everything on", async () => expect(await unexplained(await operatorTemplate(...everything))).toEqual([]));
  test("in the tenant's chart and its children", async () => {
    const example = ["--values", "examples/monitoring-values.yaml", "--set", "tenant=production"];
    expect(await unexplained(await helm(["template", "kv-responder-prod", chart, "--kube-version=1.36.3", ...example]))).toEqual([]);
    expect(await unexplained(childrenOf(await template("kv-responder-prod", ...example)))).toEqual([]);
  });
  test.each(examples())("in the children of examples/%s", async (_, resources) => expect(await unexplained(childrenOf(resources))).toEqual([]));
});

test("with its network policy, the operator is found to have one", async () => {
  expect((await findings(await together("default", "network-policy"))).map((f) => f.check)).not.toContain("pod-networkpolicy");
});

test("a mistake is found", async () => {
  const careless = (await kustomize("default")).replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false");
  expect((await unexplained(careless)).map(({ subject, check }) => `${subject} ${check}`)).toEqual(["operator container-security-context-readonlyrootfilesystem"]);
});

test("no reason is left over", () => {
  const reasons = Object.entries(accepted).flatMap(([subject, checks]) => Object.keys(checks).map((check) => `${subject} ${check}`));
  expect(reasons.filter((reason) => !seen.has(reason))).toEqual([]);
});
