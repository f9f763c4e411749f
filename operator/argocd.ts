// Argo CD's customisation for KVResponder, as a patch of its ConfigMap, made of the scripts in config/argocd/resource_customizations.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { group, kind } from "#crds/names";
import { stringify } from "yaml";

const scripts = resolve(import.meta.dirname, "../config/argocd/resource_customizations", group, kind);

const script = (...path: readonly string[]): string => readFileSync(join(scripts, ...path), "utf8");

const actions = (): object => ({
  "discovery.lua": script("actions", "discovery.lua"),
  definitions: readdirSync(join(scripts, "actions"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "testdata")
    .map(({ name }) => name)
    .toSorted()
    .map((name) => ({ name, "action.lua": script("actions", name, "action.lua") })),
});

const yaml = (value: object): string => stringify(value, { lineWidth: 0 });

/** The text of config/argocd/customization/argocd-cm.yaml. */
export const argocdPatchYaml = (): string => {
  const key = (what: string): string => `resource.customizations.${what}.${group}_${kind}`;
  const patch = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argocd-cm" },
    data: { [key("health")]: script("health.lua"), [key("actions")]: yaml(actions()) },
  };
  return `# Made from ../resource_customizations by \`make generate\`; do not edit.\n${yaml(patch)}`;
};
