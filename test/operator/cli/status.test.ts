// kvr status: what is seen in a cluster becomes a report, and the report a text that is kept beside it.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { kvr } from "../../../operator/cli/command.ts";
import { age } from "../../../operator/cli/status/text.ts";
import { ApiError, type ApiErrorKind } from "../../../operator/kube/errors.ts";
import type { Kind } from "../../../operator/kinds.ts";
import type { KubeObject } from "../../../operator/objects.ts";

const now = Date.parse("2026-05-01T12:00:00Z");
const folder = resolve(import.meta.dirname, "../../golden/status");

interface World {
  readonly objects?: readonly KubeObject[];
  /** plural -> what listing or getting it ends with. */
  readonly failing?: Readonly<Record<string, ApiErrorKind>>;
}

const failure = (kind: ApiErrorKind, plural: string): ApiError => new ApiError(`list ${plural}`, { kind, status: 403, reason: "", detail: `${kind} it is` });

/** A cluster of these objects, without pages and with labels alone as selectors. */
const run = async ({ objects = [], failing = {} }: World, ...args: string[]) => {
  let out = "";
  let err = "";
  let closed = 0;
  const of = (kind: Kind): KubeObject[] => {
    const fails = failing[kind.plural];
    if (fails !== undefined) throw failure(fails, kind.plural);
    return objects.filter((o) => o.kind === kind.kind);
  };
  const code = await kvr(["status", ...args], {
    read: () => "",
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    now: () => now,
    connect: async () => ({
      namespace: "team-a",
      client: {
        server: "https://127.0.0.1",
        get: async (kind, { namespace, name }) => of(kind).find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
        list: async (kind, { namespace, labelSelector = "" } = {}) => {
          const labels = labelSelector.split(",").filter(Boolean).map((pair) => pair.split("="));
          const items = of(kind).filter(({ metadata }) => (namespace === undefined || metadata.namespace === namespace) && labels.every(([key = "", value]) => metadata.labels?.[key] === value));
          return { items, resourceVersion: "1" };
        },
        close: async () => void (closed += 1),
      },
    }),
  });
  expect(closed).toBe(1);
  return { code, out, err };
};

const worldOf = (name: string): World => parse(readFileSync(resolve(folder, `${name}.input.yaml`), "utf8")) as World;

describe("one resource, as a person reads it", () => {
  test.each<[string, number]>([
    ["ready", 0],
    ["never-seen", 1],
    ["stale", 1],
    ["stuck", 1],
    ["tenant-taken", 1],
  ])("%s", async (name, expected) => {
    const { code, out, err } = await run(worldOf(name), "orders");
    expect({ code, err }).toEqual({ code: expected, err: "" });
    await expect(out).toMatchFileSnapshot(resolve(folder, `${name}.output.txt`));
  });

  test("json has the same facts, and no more of the token than its Secret's name", async () => {
    const { out } = await run(worldOf("ready"), "orders", "-o", "json");
    await expect(out).toMatchFileSnapshot(resolve(folder, "ready.output.json"));
  });
});

describe("all resources", () => {
  const both = { objects: [...(worldOf("ready").objects ?? []), ...(worldOf("stuck").objects ?? []).map((o) => ({ ...o, metadata: { ...o.metadata, namespace: "team-b" } }))] };

  test("of the context's namespace", async () => {
    const { code, out } = await run(both);
    expect({ code, lines: out.trimEnd().split("\n").length }).toEqual({ code: 0, lines: 2 });
  });

  test("of all namespaces: one that is not Ready makes it 1", async () => {
    const { code, out } = await run(both, "-A");
    expect(code).toBe(1);
    await expect(out).toMatchFileSnapshot(resolve(folder, "list.output.txt"));
  });

  test("none is no failure", async () => {
    expect(await run({}, "-n", "empty")).toEqual({ code: 0, out: "", err: "there are no KVResponders in namespace empty\n" });
    expect(await run({}, "-A")).toEqual({ code: 0, out: "", err: "there are no KVResponders\n" });
  });

  test("json is a list", async () => expect(JSON.parse((await run(both, "-A", "-o", "json")).out)).toMatchObject([{ namespace: "team-a", name: "orders", ready: true }, { namespace: "team-b", ready: false }]));
});

describe("what cannot be told", () => {
  test("a resource that is not there", async () => expect(await run({}, "orders")).toEqual({ code: 1, out: "", err: "there is no KVResponder orders in namespace team-a\n" }));

  test.each<[ApiErrorKind, string]>([
    ["missingKind", "this cluster has no kind KVResponder: install the operator"],
    ["forbidden", "not permitted: forbidden it is"],
    ["network", "the API server does not answer: network it is"],
    ["unavailable", "list kvresponders: unavailable it is"],
  ])("%s ends with 2 and one line", async (kind, message) => {
    const { code, out, err } = await run({ failing: { kvresponders: kind } }, "orders");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err.trimEnd()).not.toContain("\n");
  });

  test("children and pods that may not be listed are said to be unknown; kinds that are not served are left out", async () => {
    const { code, out } = await run({ ...worldOf("ready"), failing: { pods: "forbidden", services: "forbidden", servicemonitors: "missingKind" } }, "orders");
    expect(code).toBe(0);
    expect(out).toMatch(/Service\/kv-responder-orders +unknown: not permitted/);
    expect(out).toContain("Pods: not permitted to list them.");
    expect(out).not.toContain("ServiceMonitor/");
  });
});

test("ages are as kubectl's", () => {
  const ago = (seconds: number): string => age(new Date(now - seconds * 1_000).toISOString(), now);
  expect([ago(-5), ago(119), ago(120), ago(7_199), ago(7_200), ago(172_800), age(undefined, now), age("soon", now)]).toEqual(["0s", "119s", "2m", "119m", "2h", "2d", "-", "-"]);
});
