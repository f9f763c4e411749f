// Where the pods may run, and what else of a pod template tenants may shape. There is no passthrough: each field is here because somebody needs it.
import { z } from "zod";
import { anyLabels, dnsName, labelKeyPattern, labelValuePattern } from "./fields.ts";
import { matches, withRules } from "./rules.ts";

const objectName = (what: string, description: string) =>
  withRules(z.string().max(253), [matches(`^${dnsName}$`, `must be the name of a ${what}: a-z, 0-9, '-' and '.'`)], { description });

export const topologySpreads = ["Soft", "Hard", "None"] as const;

interface Toleration {
  key?: string | undefined;
  operator?: "Exists" | "Equal" | undefined;
  value?: string | undefined;
  effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute" | undefined;
  tolerationSeconds?: number | undefined;
}

const toleration = withRules(
  z.object({
    key: withRules(z.string().max(317), [matches(labelKeyPattern, "must be the key of a taint, for example dedicated or example.com/dedicated")], { description: "Key of the taint. Absent: any." }).optional(),
    // no default inside of a list: tools that compare would show it as drift
    operator: z.enum(["Exists", "Equal"]).optional().meta({ description: "Equal: the taint has this value. Exists: it has any. Absent: Equal." }),
    value: withRules(z.string().max(63), [matches(labelValuePattern, "must be the value of a taint")], { description: "Value of the taint." }).optional(),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional().meta({ description: "Effect of the taint. Absent: all." }),
    tolerationSeconds: z.int32().min(0).optional().meta({ description: "How long a pod stays after a NoExecute taint came. Absent: for ever." }),
  }),
  [
    {
      cel: "has(self.operator) && self.operator == 'Exists' ? !has(self.value) || self.value == '' : has(self.key)",
      message: "Exists takes no value; Equal needs a key",
      test: ({ operator, key, value }: Toleration) => (operator === "Exists" ? value === undefined || value === "" : key !== undefined),
    },
    {
      cel: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
      message: "tolerationSeconds is for effect NoExecute",
      test: ({ tolerationSeconds, effect }: Toleration) => tolerationSeconds === undefined || effect === "NoExecute",
    },
  ],
);

export const placement = {
  topologySpread: z
    .enum(topologySpreads)
    .default("Soft")
    .meta({ description: "How pods keep to different nodes. Soft: where they can. Hard: one that finds no such node waits. None: no matter." }),
  nodeSelector: anyLabels("Labels that a node must have.").optional(),
  tolerations: z.array(toleration).max(16).optional().meta({ description: "Taints that the pods put up with.", "x-kubernetes-list-type": "atomic" }),
  priorityClassName: objectName("PriorityClass", "PriorityClass of the pods.").optional(),
  imagePullSecrets: withRules(
    z.array(z.object({ name: objectName("Secret", "Name of the Secret.") })).max(8),
    [{ cel: "self.all(a, self.exists_one(b, b.name == a.name))", message: "names a Secret twice", test: (list) => new Set(list.map(({ name }) => name)).size === list.length }],
    { description: "Secrets of this namespace with which the image is pulled.", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] },
  ).optional(),
} as const;

