// The files beside Argo CD's scripts, in the layout of its own repository: recorded resources and what is expected of them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type ActionName, customization, type Health } from "./scripts.ts";

export interface Fixture {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly reason: string }[] };
}

const read = (...path: readonly string[]): unknown => parse(readFileSync(join(customization, ...path), "utf8"));

/** By file name without .yaml. */
export const fixtures: Readonly<Record<string, Fixture>> = Object.fromEntries(readdirSync(join(customization, "testdata")).map((file) => [file.replace(".yaml", ""), read("testdata", file) as Fixture]));

export interface HealthCase {
  readonly inputPath: string;
  readonly healthStatus: Health;
}

export const healthCases = (read("health_test.yaml") as { tests: HealthCase[] }).tests;

export interface Action {
  readonly name: string;
  readonly disabled?: boolean;
  readonly displayName: string;
  readonly iconClass: string;
}

const { discoveryTests, actionTests } = read("actions", "action_test.yaml") as {
  discoveryTests: { inputPath: string; result: Action[] }[];
  actionTests: { action: ActionName; inputPath: string; expectedOutputPath: string }[];
};

export const discoveryCases = discoveryTests;

export const actionCases = actionTests.map(({ action, inputPath, expectedOutputPath }) => ({ action, inputPath, expectedOutputPath, input: read("actions", inputPath) as Fixture }));

export const fixtureAt = (inputPath: string): Fixture => read("actions", inputPath) as Fixture;
