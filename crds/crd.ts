// The CustomResourceDefinition around the two schemas: what zod cannot know.
import { rootRules, specSchema } from "./kvresponder.ts";
import { group, kind, plural, version } from "./names.ts";
import { statusSchema } from "./status.ts";
import { type Structural, structural } from "./structural.ts";

/** The whole object. Both parts have a default, so that a resource without a spec works and one without a status is not taken for current. */
export const resourceSchema = (): Structural => ({
  type: "object",
  description: "A tenant's cache and all of its monitoring. One resource is all that a tenant needs.",
  properties: {
    apiVersion: { type: "string", description: "The API's group and version." },
    kind: { type: "string", description: "Always KVResponder." },
    // named so that a rule may iterate over it and put its message on it; the API server allows no more than this
    metadata: { type: "object", properties: { name: { type: "string", maxLength: 253 } } },
    spec: structural(specSchema.prefault({}), "spec"),
    status: structural(statusSchema.prefault({}), "status"),
  },
  "x-kubernetes-validations": rootRules.map((rule) => ({ ...rule })),
});

/** kubectl explain shows descriptions only, so they tell the defaults too. */
const explained = (node: Structural): Structural => ({
  ...node,
  ...(node.default !== undefined && !node.properties && { description: `${node.description ?? ""} Default: ${String(node.default)}.` }),
  ...(node.properties && { properties: Object.fromEntries(Object.entries(node.properties).map(([name, child]) => [name, explained(child)])) }),
});

export const customResourceDefinition = () => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List`, shortNames: ["kvr"], categories: [kind.toLowerCase()] },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".status.selector" },
        },
        additionalPrinterColumns: [
          { name: "Tenant", type: "string", jsonPath: ".status.tenant", description: "Whose cache it is." },
          { name: "Ready", type: "string", jsonPath: ".status.ready", description: "Ready pods of those asked for." },
          { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].reason', description: "The reason of condition Ready." },
          // only with -o wide
          { name: "Peers", type: "string", jsonPath: ".status.peers", description: "Peers that the least connected pod has, of those that it should have.", priority: 1 },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        schema: { openAPIV3Schema: explained(resourceSchema()) },
      },
    ],
  },
});
