// Costs inside one process, measured in a process of their own.
import { resolve } from "node:path";
import { output } from "./harness/process.ts";

export interface MicroCosts {
  /** Bytes of JavaScript heap that a hit leaves behind. */
  readonly heapBytesPerHit: number;
  /** Processor time of the recorder for one request. */
  readonly recorderMicros: number;
}

export const microCosts = async (): Promise<MicroCosts> =>
  // so large a young generation that nothing is collected in between
  JSON.parse(await output("server", process.execPath, ["--min-semi-space-size=128", "--max-semi-space-size=128", resolve(import.meta.dirname, "micro.child.ts")])) as MicroCosts;
