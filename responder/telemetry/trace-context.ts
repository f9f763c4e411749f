// W3C trace context: what a traceparent header says, and ids for spans of our own. https://www.w3.org/TR/trace-context/
import { randomFillSync } from "node:crypto";

/** Lower-case hexadecimal digits: 32 and 16 of them. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
}

/** The span of whoever called us. */
export interface CallerContext extends TraceContext {
  /** The caller records the trace and wants us to. */
  readonly sampled: boolean;
}

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Of later versions: longer ones say things that we need not know. */
const maxHeaderLength = 256;
const zero = /^0+$/;

/** Undefined when it is not what the specification asks for: then the trace begins here. */
export const parseTraceparent = (header: string): CallerContext | undefined => {
  if (header.length > maxHeaderLength) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", more] = traceparent.exec(header) ?? [];
  if (version === "" || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (zero.test(traceId) || zero.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
};

const pool = Buffer.alloc(4_096);
let used = pool.length;

/** From a pool: asking the system each time costs more than the rest of a span. */
const randomHex = (bytes: number): string => {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
};

/** A span of the parent's trace, or of a new one. */
export const drawContext = (parent?: TraceContext): TraceContext => ({ traceId: parent?.traceId ?? randomHex(16), spanId: randomHex(8) });
