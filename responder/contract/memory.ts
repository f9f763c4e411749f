// How the memory of a pod is divided: the container's limit from maxMemory, and Node's heap bounds from the limit.
import { memoryHeadroom } from "#crds/kvresponder";

const mebibyte = 2 ** 20;

/**
 * What Node takes outside V8's old space: the binary's private pages, thread stacks, libuv, sockets and TLS buffers.
 * With the young generation it must leave the rest of `memoryHeadroom.fixedMi` to our own objects in the old space.
 */
const nativeMiB = 48;
/** V8 keeps three semi-spaces. 4 MiB each is enough for a server whose garbage dies within a request. */
const semiSpaceMiB = 4;
const youngMiB = 3 * semiSpaceMiB;
/** Below this Node itself does not start reliably. */
const leastOldSpaceMiB = 32;

export interface MemoryPlan {
  /** The container's memory limit. */
  readonly limitBytes: number;
  readonly oldSpaceMiB: number;
  readonly semiSpaceMiB: number;
  /** Arguments for node. They bound the heap, so that V8 collects before the kernel kills. */
  readonly nodeArgs: readonly string[];
}

/** The smallest limit that holds maxMemory: the schema's rule on resources.limits.memory, rounded up to whole MiB. */
export const leastLimitBytes = (maxMemoryBytes: number): number =>
  Math.ceil((maxMemoryBytes * (1 + memoryHeadroom.perEntryByte)) / mebibyte + memoryHeadroom.fixedMi) * mebibyte;

/** Without `limitBytes` the limit is the smallest that holds maxMemory. Native + young + old space never exceed the limit. */
export const memoryPlan = ({ maxMemoryBytes, limitBytes = leastLimitBytes(maxMemoryBytes) }: { maxMemoryBytes: number; limitBytes?: number }): MemoryPlan => {
  const oldSpaceMiB = Math.max(leastOldSpaceMiB, Math.floor(limitBytes / mebibyte) - nativeMiB - youngMiB);
  return { limitBytes, oldSpaceMiB, semiSpaceMiB, nodeArgs: [`--max-old-space-size=${oldSpaceMiB}`, `--max-semi-space-size=${semiSpaceMiB}`] };
};
