import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import { differs, ownedLeaves } from "../../../operator/reconcile/diff.ts";
import { appliedFields, ownedPart, sameJson, type FieldSet } from "../../../operator/reconcile/fields-v1.ts";
import { appliedOf, manager, mapNode, toJson, wantedOf, type Node } from "./owned-objects.ts";

type Json = Record<string, unknown>;
const spec = mapNode(4);

const at = (object: unknown, path: readonly (string | number)[]): unknown => path.reduce<unknown>((o, step) => (o as Record<string | number, unknown>)[step], object);

const mutated = (live: KubeObject, path: readonly (string | number)[], change: (value: unknown) => unknown): KubeObject => {
  const copy = structuredClone(live);
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  const last = path.at(-1) ?? "";
  parent[last] = change(parent[last]);
  return copy;
};

const another = (value: unknown): unknown =>
  typeof value === "string" ? `${value}!` : typeof value === "number" ? value + 1 : typeof value === "boolean" ? !value : Array.isArray(value) ? [...value, "!"] : { "!": 1 };

/** Adds what a foreign manager or a server default would: fields, items and values that we do not own. */
const withForeign = (value: unknown, node: Node): unknown => {
  switch (node.t) {
    case "map":
      return { ...Object.fromEntries(Object.entries(value as Json).map(([k, v]) => [k, node.fields[k] ? withForeign(v, node.fields[k]) : v])), xForeign: { a: 1 } };
    case "keyed":
      return [{ name: "x-foreign", a: 1 }, ...(value as Json[]).map((item, i) => withForeign(item, node.items[i]?.node ?? node))];
    case "set":
      return ["x-foreign", ...(value as string[])];
    default:
      return value;
  }
};

/** Every object that lacks one of its fields, items or values. */
const shrunk = (node: Node): Node[] => {
  if (node.t === "map") {
    const keys = Object.keys(node.fields);
    const without = keys.length > 1 ? keys.map((gone): Node => ({ ...node, fields: Object.fromEntries(Object.entries(node.fields).filter(([k]) => k !== gone)) })) : [];
    const inside = keys.flatMap((k) => shrunk(node.fields[k] as Node).map((n): Node => ({ ...node, fields: { ...node.fields, [k]: n } })));
    return [...without, ...inside];
  }
  if (node.t === "keyed") return node.items.length > 1 ? node.items.map((gone) => ({ ...node, items: node.items.filter((i) => i !== gone) })) : [];
  if (node.t === "set") return node.values.length > 1 ? node.values.map((gone) => ({ ...node, values: node.values.filter((v) => v !== gone) })) : [];
  return [];
};

describe("property", () => {
  test("what was applied does not differ", () => {
    fc.assert(fc.property(spec, (s) => void expect(differs(wantedOf(s), appliedOf(s), manager)).toBeUndefined()));
  });

  test("foreign fields, items and values never differ", () => {
    fc.assert(
      fc.property(spec, (s) => {
        const live = appliedOf(s);
        expect(differs(wantedOf(s), { ...live, spec: withForeign(live["spec"], s) }, manager)).toBeUndefined();
      }),
    );
  });

  test("a change of any leaf that we own differs", () => {
    fc.assert(
      fc.property(spec, (s) => {
        const live = appliedOf(s);
        const leaves = ownedLeaves(live, manager);
        expect(leaves.length).toBeGreaterThan(0);
        for (const { path } of leaves) expect(differs(wantedOf(s), mutated(live, path, another), manager)).toBeDefined();
      }),
    );
  });

  test("something that we own and no longer want differs", () => {
    fc.assert(
      fc.property(spec, (s) => {
        for (const less of shrunk(s)) expect(differs(wantedOf(less), appliedOf(s), manager)).toMatchObject({ reason: "unwanted" });
      }),
    );
  });

  test("something newly wanted differs", () => {
    fc.assert(
      fc.property(spec, (s) => {
        for (const less of shrunk(s)) expect(differs(wantedOf(s), appliedOf(less), manager)).toMatchObject({ reason: "missing" });
      }),
    );
  });

  test("the order of keys and of keyed lists does not matter", () => {
    const turned = (node: Node): Node => {
      if (node.t === "map") return { ...node, fields: Object.fromEntries(Object.entries(node.fields).toReversed().map(([k, n]) => [k, turned(n)])) };
      if (node.t === "keyed") return { ...node, items: node.items.toReversed() };
      return node.t === "set" ? { ...node, values: node.values.toReversed() } : node;
    };
    fc.assert(fc.property(spec, (s) => void expect(differs(wantedOf(turned(s)), appliedOf(s), manager)).toBeUndefined()));
  });

  test("the part that we own, applied again, is what was applied, and differs in nothing", () => {
    fc.assert(
      fc.property(spec, (s) => {
        const live = { ...appliedOf(s), spec: withForeign(appliedOf(s)["spec"], s) };
        const fields = appliedFields(live, manager)?.["f:spec"] as FieldSet;
        const again = { ...wantedOf(s), spec: ownedPart(fields, live.spec) };
        expect(differs(again, live, manager)).toBeUndefined();
        expect(sameJson(again.spec, toJson(s))).toBe(true);
      }),
    );
  });

  test("owned leaves carry the live value", () => {
    fc.assert(
      fc.property(spec, (s) => {
        const live = appliedOf(s);
        for (const { path, value } of ownedLeaves(live, manager)) expect(value).toEqual(at(live, path));
      }),
    );
  });
});

/** A live Deployment with what a server adds: defaults, a defaulted port protocol, another spelling of quantities, omitted zero values. */
const deployment = (): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "a",
    namespace: "b",
    uid: "u",
    labels: { mine: "1", theirs: "2" },
    ownerReferences: [{ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", name: "a", uid: "o", controller: true }],
    managedFields: [
      { manager: "kubectl", operation: "Update", fieldsV1: { "f:metadata": { "f:labels": { "f:theirs": {} } } } },
      { manager, operation: "Apply", subresource: "status", fieldsV1: { "f:status": {} } },
      {
        manager,
        operation: "Apply",
        fieldsV1: {
          "f:metadata": { "f:labels": { "f:mine": {} }, "f:ownerReferences": { 'k:{"uid":"o"}': {} } },
          "f:spec": {
            "f:template": {
              "f:spec": {
                "f:hostNetwork": {},
                "f:containers": {
                  'k:{"name":"responder"}': {
                    ".": {},
                    "f:name": {},
                    "f:args": {},
                    "f:env": { 'k:{"name":"POD"}': { ".": {}, "f:name": {}, "f:valueFrom": { "f:fieldRef": {} } } },
                    "f:ports": {
                      'k:{"containerPort":53,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} },
                      'k:{"containerPort":53,"protocol":"UDP"}': { ".": {}, "f:containerPort": {}, "f:protocol": {} },
                    },
                    "f:resources": { "f:limits": { "f:cpu": {}, "f:memory": {} } },
                  },
                },
                "f:volumes": { 'k:{"name":"tmp"}': { ".": {}, "f:name": {}, "f:emptyDir": { "f:sizeLimit": {} } } },
              },
            },
          },
        },
      },
    ],
  },
  spec: {
    replicas: 1,
    template: {
      spec: {
        containers: [
          {
            name: "responder",
            imagePullPolicy: "Always",
            env: [{ name: "POD", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } }],
            ports: [
              { containerPort: 53, protocol: "TCP" },
              { containerPort: 53, protocol: "UDP" },
            ],
            resources: { limits: { cpu: "1", memory: "512Mi" } },
          },
        ],
        volumes: [{ name: "tmp", emptyDir: { sizeLimit: "1Gi" } }],
      },
    },
  },
});

interface Container {
  args: string[];
  ports: { containerPort: number; protocol?: string; name?: string }[];
  env: object[];
  resources: { limits: Record<string, string> };
}

const wantedDeployment = (change: (container: Container) => void = () => {}): KubeObject => {
  const container: Container & { name: string } = {
    name: "responder",
    args: [],
    env: [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    ports: [{ containerPort: 53 }, { containerPort: 53, protocol: "UDP" }],
    resources: { limits: { cpu: "1000m", memory: "0.5Gi" } },
  };
  change(container);
  const { name, namespace, ownerReferences = [] } = deployment().metadata;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, ...(namespace && { namespace }), labels: { mine: "1" }, ownerReferences },
    spec: { template: { spec: { hostNetwork: false, containers: [container], volumes: [{ name: "tmp", emptyDir: { sizeLimit: "1024Mi" } }] } } },
  };
};

describe("a Deployment as the server shows it", () => {
  test("defaults, foreign labels, spellings of quantities and omitted zero values do not differ", () => {
    expect(differs(wantedDeployment(), deployment(), manager)).toBeUndefined();
  });

  test.each<[string, (c: Container) => void, object]>([
    ["another quantity", (c) => (c.resources.limits["cpu"] = "1001m"), { path: "spec.template.spec.containers[name=responder].resources.limits.cpu", reason: "changed" }],
    ["an argument", (c) => c.args.push("-v"), { path: "spec.template.spec.containers[name=responder].args", reason: "changed" }],
    ["a port less", (c) => c.ports.pop(), { path: "spec.template.spec.containers[name=responder].ports[containerPort=53,protocol=UDP]", reason: "unwanted" }],
    ["a port's name", (c) => Object.assign(c.ports[0] ?? {}, { name: "dns" }), { path: "spec.template.spec.containers[name=responder].ports[containerPort=53,protocol=TCP].name", reason: "missing" }],
    ["a variable more", (c) => c.env.push({ name: "X", value: "1" }), { path: "spec.template.spec.containers[name=responder].env[name=X]", reason: "missing" }],
    ["another reference", (c) => (c.env[0] = { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } }), { path: "spec.template.spec.containers[name=responder].env[name=POD].valueFrom.fieldRef", reason: "changed" }],
  ])("%s differs, and the path tells where", (_, change, expected) => {
    expect(differs(wantedDeployment(change), deployment(), manager)).toEqual(expected);
  });

  test("items that lean on a defaulted key leave the step of a fuller item alone", () => {
    const live = deployment();
    // a wanted order in which the first item, which names no protocol, could take the step of the second
    const text = JSON.stringify(live).replaceAll("UDP", "SCTP");
    const sctp = JSON.parse(text) as KubeObject;
    const fields = (sctp.metadata.managedFields?.[2]?.fieldsV1 ?? {}) as { "f:spec": { "f:template": { "f:spec": { "f:containers": Record<string, { "f:ports": Json }> } } } };
    const container = fields["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"responder"}'];
    if (container) container["f:ports"] = Object.fromEntries(Object.entries(container["f:ports"]).toReversed());
    const wanted = wantedDeployment((c) => Object.assign(c.ports[1] ?? {}, { protocol: "SCTP" }));
    expect(differs(wanted, sctp, manager)).toBeUndefined();
  });

  test("a field that somebody took over differs even where its value is ours", () => {
    const live = deployment();
    const ours = live.metadata.managedFields?.find((e) => e.operation === "Apply" && e.subresource === undefined);
    Object.assign(ours ?? {}, { fieldsV1: { "f:metadata": { "f:ownerReferences": { 'k:{"uid":"o"}': {} } } } });
    expect(differs(wantedDeployment(), live, manager)).toEqual({ path: "metadata.labels", reason: "foreign" });
  });

  test("an empty map asks for nothing in it, whoever owns it, but it must be there", () => {
    const wanted = (annotations: object): KubeObject => ({ ...wantedDeployment(), metadata: { ...wantedDeployment().metadata, annotations: annotations as Record<string, string> } });
    const live = deployment();
    expect(differs(wanted({}), live, manager)).toEqual({ path: "metadata.annotations", reason: "missing" });
    live.metadata.annotations = { theirs: "1" };
    expect(differs(wanted({}), live, manager)).toBeUndefined();
    Object.assign(live.metadata.managedFields?.[2]?.fieldsV1?.["f:metadata"] ?? {}, { "f:annotations": {} });
    expect(differs(wanted({}), live, manager)).toBeUndefined();
    Object.assign(live.metadata.managedFields?.[2]?.fieldsV1?.["f:metadata"] ?? {}, { "f:annotations": { "f:mine": {} } });
    expect(differs(wanted({}), live, manager)).toEqual({ path: "metadata.annotations.mine", reason: "unwanted" });
  });

  test("a zero value that is neither live nor owned has been taken away", () => {
    const wanted = wantedDeployment();
    expect(differs({ ...wanted, spec: { ...(wanted["spec"] as object), paused: false } }, deployment(), manager)).toEqual({ path: "spec.paused", reason: "missing" });
  });

  test("an object that we never applied differs as a whole, whatever it says", () => {
    expect(differs(wantedDeployment(), deployment(), "somebody-else")).toEqual({ path: "", reason: "unapplied" });
    const { managedFields: _, ...metadata } = deployment().metadata;
    expect(differs(wantedDeployment(), { ...deployment(), metadata }, manager)).toEqual({ path: "", reason: "unapplied" });
  });
});
