// spec.networkPolicy: who may reach the pods, as far as the cluster's network enforces NetworkPolicies.
import { z } from "zod";
import { anyLabels, dnsLabelPattern, mode } from "./fields.ts";
import { matches, withRules } from "./rules.ts";

const selector = (description: string) =>
  z.object({ matchLabels: anyLabels("Labels that it must have. Absent: all are meant.").optional() }).meta({ description });

const client = z.object({
  namespaceSelector: selector("Namespaces of the clients. Absent: this one.").optional(),
  podSelector: selector("Pods in those namespaces. Absent: all.").optional(),
});

export const networkPolicy = z
  .object({
    mode: mode("NetworkPolicy"),
    clients: z.array(client).max(16).optional().meta({ description: "Who may use the cache. Absent: the pods of this namespace. An empty list: nobody.", "x-kubernetes-list-type": "atomic" }),
    monitoringNamespaces: z
      .array(withRules(z.string().max(63), [matches(dnsLabelPattern, "must be the name of a namespace")]))
      .min(1)
      .max(16)
      .optional()
      .meta({ description: "Namespaces that may read the metrics, beside the operator. Absent: the operator's --monitoring-namespaces; without those, everybody.", "x-kubernetes-list-type": "atomic" }),
  })
  .prefault({})
  .meta({ description: "Who may reach the pods. The pods themselves reach each other, DNS and the receiver of traces, nothing else." });

export type NetworkPolicySpec = z.output<typeof networkPolicy>;
