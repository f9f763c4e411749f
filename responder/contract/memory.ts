// How the memory of a pod is divided: the container's limit from maxMemory and maxValueBytes, Node's heap bounds, and what may be in transit.
import { memoryHeadroom } from "#crds/kvresponder";

const mebibyte = 2 ** 20;

/**
 * Entries lie outside V8's heap, so the heap does not grow with them: it holds code, connections (measured: 5 KiB each, heap and kernel buffers aside)
 * and the garbage of a few thousand requests.
 */
const oldSpaceMiB = 96;
/** V8 keeps three semi-spaces. 4 MiB each is enough for a server whose garbage dies within a request. */
const semiSpaceMiB = 4;
/** What each of the kinds below may hold beside one largest value. */
const transitMi = 12;

/** Bytes under way that belong to no entry. Each kind has this bound of its own: bodies over HTTP, commands over RESP, answers of each that wait for their readers. */
export const transitBytes = (maxValueBytes: number): number => transitMi * mebibyte + maxValueBytes;

export interface MemoryNeeds {
  readonly maxMemoryBytes: number;
  readonly maxValueBytes: number;
}

export interface MemoryPlan {
  /** The container's memory limit. */
  readonly limitBytes: number;
  /** Arguments for node. They bound the heap, so that V8 collects before the kernel kills. */
  readonly nodeArgs: readonly string[];
}

/** The smallest limit that holds the cache: the schema's rule on resources.limits.memory, rounded up to whole MiB. */
export const leastLimitBytes = ({ maxMemoryBytes, maxValueBytes }: MemoryNeeds): number => {
  const { fixedMi, perEntryByte, perValueByte } = memoryHeadroom;
  return Math.ceil((maxMemoryBytes * (1 + perEntryByte) + maxValueBytes * perValueByte) / mebibyte + fixedMi) * mebibyte;
};

/** Without `limitBytes` the limit is the smallest that holds the cache. */
export const memoryPlan = (needs: MemoryNeeds, limitBytes = leastLimitBytes(needs)): MemoryPlan => ({
  limitBytes,
  nodeArgs: [`--max-old-space-size=${oldSpaceMiB}`, `--max-semi-space-size=${semiSpaceMiB}`],
});
