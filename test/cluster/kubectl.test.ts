// What an apply becomes on kubectl's command line.
import { expect, test } from "vitest";
import { applyCommand } from "./kubectl.ts";

const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };

test("a path stays a path", () => {
  expect(applyCommand(import.meta.filename)).toEqual({ args: ["apply", "--server-side", "--field-manager=kvr-test", "-f", import.meta.filename] });
});

test("text goes to standard input as it is", () => {
  expect(applyCommand("kind: ConfigMap\n").input).toBe("kind: ConfigMap\n");
});

test("one object, or several as a List", () => {
  expect(JSON.parse(applyCommand(configMap).input ?? "")).toEqual(configMap);
  expect(JSON.parse(applyCommand([configMap, configMap]).input ?? "")).toEqual({ apiVersion: "v1", kind: "List", items: [configMap, configMap] });
});

test("namespace, manager and force are flags", () => {
  const { args } = applyCommand(configMap, { namespace: "team", fieldManager: "someone", force: true });
  expect(args).toEqual(["apply", "--server-side", "--field-manager=someone", "--force-conflicts", "--namespace=team", "-f", "-"]);
});
