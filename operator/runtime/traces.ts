// The trace of each reconcile: what it asks of the API server becomes its children, and all is sent when it was chosen or when it failed. Its lines of log name it.
import { AsyncLocalStorage } from "node:async_hooks";
import { effectiveTenant } from "#crds/kvresponder";
import type { Fields } from "#telemetry/logger";
import type { SpanRecord, TraceContext, Tracing } from "#telemetry/tracing";
import { pathTemplate } from "../kube/paths.ts";
import type { RequestReport } from "../kube/transport.ts";
import type { KVResponder, Request } from "../objects.ts";
import type { ControllerHooks } from "./types.ts";

/** Calls of one reconcile that are kept until its end; an honest one makes some dozens. */
const mostCalls = 256;

/** Answers that are expected: an object that is not there yet, or one that is there already. */
const expected: ReadonlySet<RequestReport["failure"]> = new Set(["notFound", "alreadyExists"]);

export interface TracesDeps {
  readonly tracing: Pick<Tracing, "isOn" | "samples" | "samplesLate" | "begin" | "record">;
  /** Milliseconds. */
  readonly monotonic: () => number;
  /** Of the API server. */
  readonly host: () => string;
  /** What is known of the resource before its reconcile. */
  readonly describe: (request: Request) => Described;
}

export interface Described {
  readonly generation?: number | undefined;
  readonly tenant?: string;
}

export const describeResource = (resource: KVResponder | undefined): Described =>
  resource ? { generation: resource.metadata.generation, tenant: effectiveTenant(resource.metadata.name, resource.spec) } : {};

export interface Traces {
  readonly around: NonNullable<ControllerHooks["around"]>;
  /** A call has ended. Those outside of a reconcile, as of watches, are in no trace. */
  called(report: RequestReport): void;
  /** For lines of log: the tenant whose reconcile this is, and the ids of the trace if there are any. */
  fields(): Fields | undefined;
}

interface Open {
  readonly context: TraceContext;
  readonly isChosen: boolean;
  /** On every line of log. */
  readonly tenant: Fields;
  /** On every span. */
  readonly attributes: SpanRecord["attributes"];
  /** Undefined when the reconcile is over. */
  waiting: SpanRecord[] | undefined;
  leftOut: number;
  isSent: boolean;
}

const ofTenant = ({ tenant }: Described): Fields => (tenant === undefined ? {} : { tenant });

/** Of reconciles without traces their lines of log name the tenant. */
const noTraces = (described: (request: Request) => Described): Traces => {
  const current = new AsyncLocalStorage<Fields>();
  return { around: (request, work) => current.run(ofTenant(described(request)), work), called: () => {}, fields: () => current.getStore() };
};

export const createTraces = ({ tracing, monotonic, host, describe }: TracesDeps): Traces => {
  const described = (request: Request): Described => {
    try {
      return describe(request);
    } catch {
      // what is wrong with the resource, its reconcile says
      return {};
    }
  };
  if (!tracing.isOn) return noTraces(described);
  const current = new AsyncLocalStorage<Open>();

  const around: Traces["around"] = (request, work) => {
    const known = described(request);
    const { generation, tenant } = known;
    const attributes = { "kvresponder.namespace": request.namespace, "kvresponder.name": request.name, ...(tenant !== undefined && { "tenant.id": tenant }) };
    const open: Open = { context: tracing.begin(), isChosen: tracing.samples(), tenant: ofTenant(known), attributes, waiting: [], leftOut: 0, isSent: false };
    return current.run(open, async () => {
      const startedAt = monotonic();
      const { verdict, reason } = await work();
      const error = reason ?? (verdict === "timeout" ? "it took too long" : undefined);
      const calls = open.waiting ?? [];
      open.waiting = undefined;
      open.isSent = open.isChosen || (error !== undefined && tracing.samplesLate());
      if (!open.isSent) return;
      const facts = { ...attributes, ...(generation !== undefined && { "kvresponder.generation": generation }), "reconcile.result": verdict, ...(open.leftOut > 0 && { "reconcile.calls_left_out": open.leftOut }) };
      tracing.record({ name: "reconcile", kind: "internal", context: open.context, startedAt, endedAt: monotonic(), attributes: facts, error });
      for (const call of calls) tracing.record(call);
    });
  };

  const callSpan = ({ context, attributes }: Open, { method, path, code, failure, seconds }: RequestReport): SpanRecord => {
    const endedAt = monotonic();
    const facts = {
      ...attributes,
      "http.request.method": method,
      "url.path": path,
      "server.address": host(),
      ...(code > 0 && { "http.response.status_code": code }),
      ...(failure !== undefined && { "error.type": failure }),
    };
    const error = expected.has(failure) ? undefined : failure;
    return { name: `${method} ${pathTemplate(path)}`, kind: "client", context: tracing.begin(context), parent: context, startedAt: endedAt - seconds * 1_000, endedAt, attributes: facts, error };
  };

  return {
    around,

    called(report) {
      const open = current.getStore();
      if (!open || report.verb === "watch") return;
      // an event is written beside the reconcile that announced it, and may end later
      if (!open.waiting) return open.isSent ? tracing.record(callSpan(open, report)) : undefined;
      if (open.waiting.length < mostCalls) open.waiting.push(callSpan(open, report));
      else open.leftOut++;
    },

    fields() {
      const open = current.getStore();
      // that one which was not chosen is sent all the same, because it failed, is known at its end only
      return open && { ...open.tenant, trace_id: open.context.traceId, span_id: open.context.spanId, trace_flags: open.isChosen ? "01" : "00" };
    },
  };
};
