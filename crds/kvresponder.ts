// KVResponder: the spec as a zod schema, THE source of the CRD's YAML, the TypeScript types and docs/api.md.
import { z } from "zod";
import { auth, protocols } from "./access.ts";
import { amountsHold, celAmounts, celNoLonger, cpu, dnsLabelPattern, duration, extraAnnotations, extraLabels, memory, memoryBetween, noLonger } from "./fields.ts";
import { monitoring } from "./monitoring.ts";
import { maxNameLength } from "./names.ts";
import { networkPolicy } from "./network-policy.ts";
import { placement } from "./placement.ts";
import { noneIsAlone, replication } from "./replication.ts";
import { matches, type Rule, withRules } from "./rules.ts";
import { autoscaling, autoscalingNeedsRequest, disruption, mostReplicas } from "./scaling.ts";
import { logging, tracing } from "./telemetry.ts";

/**
 * What a pod needs beside the entries: for Node, its libraries, connections and what is in transit; per byte of maxMemory for what malloc and V8 have not given
 * back yet (one divided by a whole number); per byte of the largest value for those in transit. Measured: docs/design-decisions.md.
 */
export const memoryHeadroom = { fixedMi: 160, perEntryByte: 0.0625, perValueByte: 4 } as const;

const resourceList = (description: string) =>
  z
    .object({
      cpu: cpu("CPU, for example 500m.").optional(),
      memory: memory("Memory, for example 512Mi.").optional(),
    })
    .meta({ description });

interface ResourceList {
  cpu?: string | undefined;
  memory?: string | undefined;
}

/** Kubernetes would refuse such pods; said here, the author of the resource hears it. */
const requestWithinLimit = (name: keyof ResourceList): Rule<{ requests?: ResourceList | undefined; limits?: ResourceList | undefined }> => ({
  cel: `!has(self.requests) || !has(self.requests.${name}) || !has(self.limits) || !has(self.limits.${name}) || ${celAmounts([`self.requests.${name}`, `self.limits.${name}`], "$0.compareTo($1) <= 0")}`,
  message: `requests.${name} must not be larger than limits.${name}`,
  fieldPath: `.requests.${name}`,
  test: ({ requests, limits }) => amountsHold(requests?.[name] ?? "", limits?.[name] ?? "", (request, limit) => request <= limit),
});

const resources = withRules(
  z.object({
    requests: resourceList("What the scheduler reserves. Without requests.memory it is the memory limit.").optional(),
    limits: resourceList("What the kernel enforces. Without limits.memory the limit is derived from cache.maxMemory.").optional(),
  }),
  [requestWithinLimit("cpu"), requestWithinLimit("memory")],
  { description: "CPU and memory of each pod." },
);

export const evictionPolicies = ["TinyLFU", "LRU", "NoEviction"] as const;

const cache = withRules(
  z.object({
    maxMemory: memoryBetween("1Mi", "1Ti", "Memory that one pod may use for entries, index included, for example 512Mi. Entries are evicted beyond it.").prefault("256Mi"),
    maxEntries: z.int32().min(1).max(67_108_864).optional().meta({ description: "Entries that one pod may hold. Absent: as many as maxMemory has room for." }),
    defaultTTL: duration("Time to live of an entry that is written without one, for example 1h. Absent: such entries do not expire, or live for maxTTL where that is set.", "1s", "87600h").optional(),
    maxTTL: duration("Longest time to live. A longer one is cut to it. Absent: ten years.", "1s", "87600h").optional(),
    maxValueBytes: z.int32().min(1).max(67_108_864).default(1_048_576).meta({ description: "Largest value in bytes. A larger one is refused with 413." }),
    evictionPolicy: z.enum(evictionPolicies).default("TinyLFU").meta({ description: "Which entries give way when the cache is full. TinyLFU: those used least often of late. LRU: those unused for longest. NoEviction: none; writes are refused." }),
  }),
  [
    {
      cel: celAmounts(["self.maxMemory"], "sign($0.sub(self.maxValueBytes)) >= 0"),
      message: "maxValueBytes must fit into maxMemory",
      fieldPath: ".maxValueBytes",
      test: ({ maxMemory, maxValueBytes }) => amountsHold(maxMemory, String(maxValueBytes), (memory, value) => value <= memory),
    },
    {
      cel: `!has(self.defaultTTL) || !has(self.maxTTL) || ${celNoLonger("self.defaultTTL", "self.maxTTL")}`,
      message: "defaultTTL must not be longer than maxTTL",
      fieldPath: ".defaultTTL",
      test: ({ defaultTTL, maxTTL }) => defaultTTL === undefined || maxTTL === undefined || noLonger(defaultTTL, maxTTL),
    },
  ],
  { description: "What the cache holds and for how long." },
).prefault({});

const fixedNano = BigInt(memoryHeadroom.fixedMi) * 2n ** 20n * 10n ** 9n;
/** How often the per-byte part goes into one: the rule multiplies, because amounts cannot be divided. */
const parts = 1 / memoryHeadroom.perEntryByte;

interface Memory {
  cache: { maxMemory: string; maxValueBytes: number };
  resources?: { limits?: ResourceList | undefined } | undefined;
}

/** What the limit leaves beside entries, fixed part and values in transit must hold the part per entry byte. Exact: no floating point in either language. */
const limitHoldsCache: Rule<Memory> = {
  cel: `!has(self.resources) || !has(self.resources.limits) || !has(self.resources.limits.memory) || ${celAmounts(
    ["self.resources.limits.memory", "self.cache.maxMemory"],
    `[$0.sub($1).sub(quantity('${memoryHeadroom.fixedMi}Mi')).sub(self.cache.maxValueBytes * ${memoryHeadroom.perValueByte})].all(rest, rest${".add(rest)".repeat(parts - 1)}.compareTo($1) >= 0)`,
  )}`,
  message: `the memory limit is too small for the cache: it must be at least ${1 + memoryHeadroom.perEntryByte} x maxMemory + ${memoryHeadroom.perValueByte} x maxValueBytes + ${memoryHeadroom.fixedMi}Mi (or leave it out, then it is derived)`,
  fieldPath: ".resources.limits.memory",
  test: ({ cache: { maxMemory, maxValueBytes }, resources }) => {
    const transitNano = BigInt(maxValueBytes * memoryHeadroom.perValueByte) * 10n ** 9n;
    return amountsHold(resources?.limits?.memory ?? "", maxMemory, (limit, entries) => (limit - entries - fixedNano - transitNano) * BigInt(parts) >= entries);
  },
};

export const specSchema = withRules(
  z.object({
    tenant: withRules(z.string().max(63), [matches(dnsLabelPattern, "must be a DNS label: a-z, 0-9 and '-', beginning and ending with a letter or digit")], {
      description: "Whose cache this is: the tenant label of every metric, alert and log line. Absent: metadata.name. Immutable.",
    }).optional(),
    replicas: z.int32().min(0).max(mostReplicas).default(3).meta({ description: "Number of pods. Each holds the whole cache." }),
    autoscaling: autoscaling.optional(),
    disruption,
    paused: z.boolean().default(false).meta({ description: "While true the operator writes no child. Status still tells the truth." }),
    image: withRules(
      z.string().max(512),
      [matches("^[a-z0-9][-a-zA-Z0-9_./:@]*$", "must be an image reference, for example registry.example.com/kv-responder:1.2.0")],
      { description: "The responder's image. Absent: what the operator was started with." },
    ).optional(),
    imagePullSecrets: placement.imagePullSecrets,
    resources: resources.optional(),
    topologySpread: placement.topologySpread,
    nodeSelector: placement.nodeSelector,
    tolerations: placement.tolerations,
    priorityClassName: placement.priorityClassName,
    podLabels: extraLabels("Labels of the pods, beside those that the operator sets. A change rolls the pods.").optional(),
    podAnnotations: extraAnnotations("Annotations of the pods. A change rolls the pods.").optional(),
    service: z
      .object({ annotations: extraAnnotations("Annotations of the Service.").optional() })
      .optional()
      .meta({ description: "The Service that clients use." }),
    cache,
    replication,
    protocols,
    auth,
    networkPolicy,
    monitoring,
    logging,
    tracing,
  }),
  [limitHoldsCache, noneIsAlone, autoscalingNeedsRequest],
  { description: "What you want. Every field has a default or may be absent." },
);

export type Spec = z.output<typeof specSchema>;

const nameMessage = `must start with a letter, hold only a-z, 0-9 and '-', end with a letter or digit and have at most ${maxNameLength} characters (Services are named after it)`;
const namePattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$";

/** Undefined when a KVResponder may be called so. */
export const nameProblem = (name: string): string | undefined => (name.length <= maxNameLength && new RegExp(namePattern).test(name) ? undefined : nameMessage);

/** Rules of the object as a whole: they see metadata.name, which a rule on spec cannot. */
export const rootRules = [
  {
    rule: `self.metadata.name.size() <= ${maxNameLength} && self.metadata.name.matches(r"${namePattern}")`,
    message: nameMessage,
    fieldPath: ".metadata.name",
  },
  {
    // compares effective tenants, so that neither setting nor clearing the field gets around it
    rule: "(has(self.spec.tenant) ? self.spec.tenant : self.metadata.name) == (has(oldSelf.spec.tenant) ? oldSelf.spec.tenant : oldSelf.metadata.name)",
    message: "the tenant (spec.tenant, or metadata.name when unset) is immutable; create a new KVResponder for another tenant",
    fieldPath: ".spec.tenant",
  },
] as const;

/** The tenant that every label, metric and log line carries. */
export const effectiveTenant = (name: string, spec: Pick<Spec, "tenant">): string => spec.tenant ?? name;
