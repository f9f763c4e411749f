// The scripts of config/argocd by name.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const customization = resolve(import.meta.dirname, "../../config/argocd/resource_customizations/kvresponder.io/KVResponder");

const script = (...path: readonly string[]): string => readFileSync(join(customization, ...path), "utf8");

export const actionNames = ["pause", "restart", "resume", "rotate-token"] as const;
export type ActionName = (typeof actionNames)[number];

export const healthScript = script("health.lua");
export const discoveryScript = script("actions", "discovery.lua");
export const actionScript = (name: ActionName): string => script("actions", name, "action.lua");

export interface Health {
  readonly status: "Healthy" | "Progressing" | "Degraded" | "Suspended";
  readonly message: string;
}
