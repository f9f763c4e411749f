// CPU and memory of the container: what the spec asks for, with a memory limit always and a memory request that equals it unless asked otherwise.
import { memoryPlan, type MemoryPlan } from "#contract/memory";
import type { Spec } from "#crds/kvresponder";
import { parseBytes } from "#crds/quantity";
import { bytesQuantity, canonicalQuantity } from "./quantity.ts";

/** The memory limit: the one written, else enough for maxMemory, raised to a larger request. */
export const podMemory = ({ cache, resources }: Spec): MemoryPlan => {
  const needs = { maxMemoryBytes: parseBytes(cache.maxMemory), maxValueBytes: cache.maxValueBytes };
  const limit = resources?.limits?.memory;
  if (limit !== undefined) return memoryPlan(needs, parseBytes(limit));
  const derived = memoryPlan(needs);
  const request = parseBytes(resources?.requests?.memory ?? "0");
  return request > derived.limitBytes ? memoryPlan(needs, request) : derived;
};

interface ResourceList {
  cpu?: string;
  memory: string;
}

/** Memory is requested in full by default: a cache fills what it may use, and a node that promised it twice kills pods. */
export const podResources = (spec: Spec): { requests: ResourceList; limits: ResourceList } => {
  const { requests, limits } = spec.resources ?? {};
  const limit = limits?.memory ? canonicalQuantity(limits.memory) : bytesQuantity(podMemory(spec).limitBytes);
  const list = (cpu: string | undefined, memory: string): ResourceList => ({ ...(cpu !== undefined && { cpu: canonicalQuantity(cpu) }), memory });
  return {
    requests: list(requests?.cpu, requests?.memory ? canonicalQuantity(requests.memory) : limit),
    limits: list(limits?.cpu, limit),
  };
};
