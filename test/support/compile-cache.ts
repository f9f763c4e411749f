// What a process of the tests has compiled is kept for the next one: without it more than half of a start goes into that.
import { resolve } from "node:path";

/** Of the environment of a process. Node writes it when the process ends by itself, and reads nothing whose source has changed. */
export const compileCache = { NODE_COMPILE_CACHE: resolve(import.meta.dirname, "../../node_modules/.cache/kvr-compiled") } as const;
