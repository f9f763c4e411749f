import { ResourceEventType } from "@dot-i/k8s-operator";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KVResponderOperator } from "../../../operator/kube/shell.ts";
import { createReflector } from "../../../operator/kube/reflector.ts";
import type { ReflectorEvent } from "../../../operator/kube/types.ts";
import { manualTime, settle, silentLog } from "../../support/manual-time.ts";
import { failure, object, page, scriptedClient } from "./scripted-client.ts";

const kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" };

const make = () => {
  const time = manualTime();
  const client = scriptedClient(page("10", object("a", "5")));
  const reflector = createReflector({ client, kind, clock: time, timers: time, log: silentLog });
  const told: ReflectorEvent[] = [];
  let ran = 0;
  const shell = new KVResponderOperator({
    reflectors: [reflector],
    onEvent: (_, event) => told.push(event),
    run: () => {
      ran++;
      reflector.start();
      return Promise.resolve();
    },
    log: silentLog,
  });
  return { client, shell, told, time, reflector, ran: () => ran };
};

/** The methods that are protected in the class of the package. */
type Inside = Record<"watchResource" | "setResourceStatus" | "patchResourceStatus" | "setResourceFinalizers" | "handleResourceFinalizer" | "registerCustomResourceDefinition", (...args: unknown[]) => Promise<unknown>>;

const exit = vi.spyOn(process, "exit").mockImplementation(() => {
  throw new Error("process.exit was called");
});
beforeEach(() => vi.stubEnv("KUBECONFIG", undefined));
afterEach(() => {
  vi.unstubAllEnvs();
  expect(exit).not.toHaveBeenCalled();
});

describe("lifecycle", () => {
  test("start registers the watches, then runs; events come with the state before", async () => {
    const { shell, told, client, ran } = make();
    await shell.start();
    await settle();
    client.watching().push({ type: "MODIFIED", object: object("a", "11") }, { type: "DELETED", object: object("a", "12") });
    await settle();
    expect(ran()).toBe(1);
    expect(told.map((e) => [e.type, e.object.metadata.resourceVersion, e.old?.metadata.resourceVersion])).toEqual([
      ["added", "5", undefined],
      ["modified", "11", "5"],
      ["deleted", "12", undefined],
    ]);
  });

  test("a watch that breaks ends nothing but itself", async () => {
    const { shell, client, time } = make();
    await shell.start();
    await settle();
    for (const error of [failure("unavailable"), failure("gone"), failure("network")]) {
      client.watching().fail(error);
      await time.advanceAsync(30_000);
    }
    expect(client.watches).toHaveLength(4);
  });

  test("stop ends the reflectors", async () => {
    const { shell, client, reflector } = make();
    await shell.start();
    await settle();
    shell.stop();
    await settle();
    expect([client.watching().closed, reflector.state]).toEqual([true, "idle"]);
  });

  test("the event has the package's shape", async () => {
    const { shell, client } = make();
    const events: unknown[] = [];
    await (shell as unknown as Inside).watchResource("", "v1", "configmaps", (event: unknown) => {
      events.push(event);
      return Promise.resolve();
    });
    await shell.start();
    await settle();
    client.watching().push({ type: "DELETED", object: object("a", "12") });
    await settle();
    expect(events.at(-1)).toMatchObject({ type: ResourceEventType.Deleted, meta: { id: "configmaps.v1", name: "a", namespace: "n", resourceVersion: "12", kind: "ConfigMap" } });
  });
});

describe("what the package does in its own way is refused, with what to do instead", () => {
  test.each([
    ["setResourceStatus", "operator/reconcile"],
    ["patchResourceStatus", "operator/reconcile"],
    ["setResourceFinalizers", "no finalizers"],
    ["handleResourceFinalizer", "no finalizers"],
    ["registerCustomResourceDefinition", "config/crd"],
  ] as const)("%s", async (method, instead) => {
    await expect((make().shell as unknown as Inside)[method]()).rejects.toThrow(instead);
  });

  test("watching a kind that is not in the table", async () => {
    await expect((make().shell as unknown as Inside).watchResource("", "v1", "secrets", () => Promise.resolve())).rejects.toThrow("operator/kinds.ts");
  });
});

test("no kubeconfig is needed for the shell itself", () => {
  vi.stubEnv("HOME", "/nonexistent");
  expect(() => make()).not.toThrow();
});
