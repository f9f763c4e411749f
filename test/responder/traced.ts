// What tests of traces have in common: a tenant, callers with a W3C context, runtime files, and the wait for spans.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { renderRuntime } from "#contract/runtime";
import type { Jaeger } from "../support/jaeger.ts";
import type { Trace } from "../support/traces.ts";

export const tenant = { KVR_TENANT: "acme", KVR_NAMESPACE: "team-a", KVR_NAME: "orders", KVR_SERVICE: "kv-responder-orders" } as const;

/** Of spans that leave once a second. */
export const soon = { timeout: 20_000 };

export interface Caller {
  readonly trace: string;
  readonly span: string;
  readonly headers: { readonly traceparent: string };
}

export const caller = (sampled: boolean): Caller => {
  const [trace, span] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  return { trace, span, headers: { traceparent: `00-${trace}-${span}-0${Number(sampled)}` } };
};

/** Path of a runtime file with this share of sampled requests, and from how many milliseconds on a request is slow. */
export const runtimeFile = (dir: string, traceSampleRatio: number, slowMs = 60_000): string => {
  const file = join(dir, `${traceSampleRatio}-${slowMs}.json`);
  writeFileSync(file, renderRuntime({ traceSampleRatio, requests: { slowMs } }));
  return file;
};

/** The trace, once it has that many spans. */
export const arrived = async (jaeger: Jaeger, id: string, spans: number): Promise<Trace> => {
  await expect.poll(async () => (await jaeger.trace(id))?.spans.length ?? 0, soon).toBe(spans);
  const trace = await jaeger.trace(id);
  if (trace === undefined) throw new Error(`trace ${id} is gone`);
  return trace;
};
