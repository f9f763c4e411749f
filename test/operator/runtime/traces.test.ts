// Which reconciles leave a trace, what is in it, and what the log says meanwhile.
import { describe, expect, test } from "vitest";
import type { SpanRecord } from "#telemetry/tracing";
import { apiVersionOf, kvResponderKind, ownedKinds } from "../../../operator/kinds.ts";
import { objectPath, pathTemplate } from "../../../operator/kube/paths.ts";
import type { RequestReport } from "../../../operator/kube/transport.ts";
import { withFields } from "../../../operator/log.ts";
import type { KVResponder, Request } from "../../../operator/objects.ts";
import { createTraces, describeResource, type Described } from "../../../operator/runtime/traces.ts";
import type { Ending } from "../../../operator/runtime/types.ts";
import { manualTime, silentLog } from "../../support/manual-time.ts";

const a = { namespace: "team", name: "a" };
const get: RequestReport = { verb: "get", method: "GET", path: "/api/v1/namespaces/team/services/kv-responder-a", code: 200, seconds: 0.5 };
const success: Ending = { verdict: "success" };
const failure: Ending = { verdict: "error", reason: "apply Service a: no" };

const setUp = ({ isOn = true, chosen = true, late = true, describe = ({ name }: Request): Described => ({ generation: 3, tenant: `tenant-of-${name}` }) } = {}) => {
  const time = manualTime();
  const spans: SpanRecord[] = [];
  let ids = 0;
  const tracing = {
    isOn,
    samples: () => chosen,
    samplesLate: () => late,
    begin: (parent?: { traceId: string }) => ({ traceId: parent?.traceId ?? `t${++ids}`, spanId: `s${++ids}` }),
    record: (span: SpanRecord) => void spans.push(span),
  };
  const traces = createTraces({ tracing, monotonic: time.monotonic, host: () => "10.96.0.1", describe });
  return { time, spans, traces };
};

test("a reconcile is a span, and each call that it makes is a child of it; the tenant is on all", async () => {
  const { time, spans, traces } = setUp();
  await traces.around(a, async () => {
    time.advance(1_000);
    await Promise.resolve();
    traces.called(get);
    time.advance(200);
    return success;
  });
  const [reconcile, call] = spans;
  expect(spans).toHaveLength(2);
  expect(reconcile).toMatchObject({ name: "reconcile", kind: "internal", startedAt: 0, endedAt: 1_200, error: undefined });
  expect(reconcile?.attributes).toEqual({ "kvresponder.namespace": "team", "kvresponder.name": "a", "tenant.id": "tenant-of-a", "kvresponder.generation": 3, "reconcile.result": "success" });
  expect(call).toMatchObject({ name: "GET /api/v1/namespaces/{namespace}/services/{name}", kind: "client", parent: reconcile?.context, startedAt: 500, endedAt: 1_000, error: undefined });
  expect(call?.attributes).toEqual({
    "kvresponder.namespace": "team",
    "kvresponder.name": "a",
    "tenant.id": "tenant-of-a",
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "url.path": get.path,
    "server.address": "10.96.0.1",
  });
});

test("two reconciles at once do not mix their calls", async () => {
  const { spans, traces } = setUp();
  const one = (name: string) =>
    traces.around({ namespace: "team", name }, async () => {
      for (let i = 0; i < 3; i++) {
        await Promise.resolve();
        traces.called({ ...get, path: `/api/v1/namespaces/team/services/${name}` });
      }
      return success;
    });
  await Promise.all([one("a"), one("b")]);
  for (const name of ["a", "b"]) {
    const root = spans.find((s) => s.name === "reconcile" && s.attributes["kvresponder.name"] === name);
    const calls = spans.filter((s) => s.parent?.spanId === root?.context.spanId);
    expect(calls.map((s) => s.attributes["url.path"])).toEqual(Array.from({ length: 3 }, () => `/api/v1/namespaces/team/services/${name}`));
  }
});

describe("one that was not chosen", () => {
  const run = async (ending: Ending, late = true) => {
    const { spans, traces } = setUp({ chosen: false, late });
    await traces.around(a, async () => {
      traces.called({ ...get, code: 503, failure: "unavailable" });
      return ending;
    });
    return spans;
  };

  test("leaves nothing when it went well", async () => expect(await run(success)).toEqual([]));

  test.each([failure, { verdict: "timeout" } as const])("is sent with its calls when it failed: %o", async (ending) => {
    const spans = await run(ending);
    expect(spans.map((s) => [s.name, s.error])).toEqual([
      ["reconcile", "reason" in ending ? ending.reason : "it took too long"],
      ["GET /api/v1/namespaces/{namespace}/services/{name}", "unavailable"],
    ]);
  });

  test("unless too many fail", async () => expect(await run(failure, false)).toEqual([]));
});

test("what was not there, or was there already, is an answer and no failure; no answer is one", async () => {
  const { spans, traces } = setUp();
  await traces.around(a, async () => {
    traces.called({ ...get, code: 404, failure: "notFound" });
    traces.called({ ...get, code: 409, failure: "alreadyExists" });
    traces.called({ ...get, code: 0, failure: "network" });
    return success;
  });
  const facts = spans.slice(1).map(({ error, attributes }) => [error, attributes["error.type"], attributes["http.response.status_code"]]);
  expect(facts).toEqual([
    [undefined, "notFound", 404],
    [undefined, "alreadyExists", 409],
    ["network", "network", undefined],
  ]);
});

test("a call that outlives its reconcile belongs to it, if that was sent", async () => {
  for (const chosen of [true, false]) {
    const { spans, traces } = setUp({ chosen });
    let later: Promise<void> = Promise.resolve();
    let go = () => {};
    await traces.around(a, async () => {
      later = new Promise<void>((resolve) => (go = resolve)).then(() => traces.called({ ...get, verb: "create", method: "POST" }));
      return success;
    });
    go();
    await later;
    expect(spans.map((s) => s.kind)).toEqual(chosen ? ["internal", "client"] : []);
  }
});

test("calls beyond 256 are counted instead of kept; calls outside of a reconcile leave nothing", async () => {
  const { spans, traces } = setUp();
  traces.called(get);
  await traces.around(a, async () => {
    for (let i = 0; i < 300; i++) traces.called(get);
    return success;
  });
  expect(spans).toHaveLength(257);
  expect(spans[0]?.attributes["reconcile.calls_left_out"]).toBe(44);
});

test("lines of log inside a reconcile carry its tenant and its ids, others none", async () => {
  const { spans, traces } = setUp();
  const lines: object[] = [];
  const log = withFields({ ...silentLog, info: (fields) => void lines.push(fields) }, traces.fields);
  log.info({ x: 1 }, "before");
  await traces.around(a, async () => {
    await Promise.resolve();
    log.info({ x: 2 }, "inside");
    return success;
  });
  const { traceId, spanId } = spans[0]?.context ?? {};
  expect(lines).toEqual([{ x: 1 }, { tenant: "tenant-of-a", trace_id: traceId, span_id: spanId, trace_flags: "01", x: 2 }]);
});

test("when tracing is off nothing is recorded, and lines carry the tenant alone", async () => {
  const { spans, traces } = setUp({ isOn: false });
  await traces.around(a, async () => {
    traces.called(get);
    expect(traces.fields()).toEqual({ tenant: "tenant-of-a" });
    return failure;
  });
  expect(traces.fields()).toBeUndefined();
  expect(spans).toEqual([]);
});

test.each([true, false])("a resource that cannot be described is reconciled all the same; traces: %s", async (isOn) => {
  const broken = { metadata: { namespace: "team", name: "a" } } as KVResponder;
  expect(() => describeResource(broken)).toThrow();
  const { spans, traces } = setUp({ isOn, describe: () => describeResource(broken) });
  const lines: unknown[] = [];
  await traces.around(a, async () => {
    lines.push(traces.fields());
    return success;
  });
  expect(lines).toEqual([isOn ? expect.not.objectContaining({ tenant: expect.anything() }) : {}]);
  expect(spans.map((s) => s.attributes["kvresponder.name"])).toEqual(isOn ? ["a"] : []);
});

test("names of objects are not in the template of a path", () => {
  for (const kind of [kvResponderKind, ...ownedKinds]) {
    const group = `${kind.group === "" ? "/api" : "/apis"}/${apiVersionOf(kind)}`;
    const template = (place: Parameters<typeof objectPath>[1]) => pathTemplate(objectPath(kind, place)).slice(group.length);
    expect(template({})).toBe(`/${kind.plural}`);
    expect(template({ namespace: "n" })).toBe(`/namespaces/{namespace}/${kind.plural}`);
    expect(template({ namespace: "n", name: "x" })).toBe(`/namespaces/{namespace}/${kind.plural}/{name}`);
    expect(template({ namespace: "namespaces", name: "namespaces", subresource: "status" })).toBe(`/namespaces/{namespace}/${kind.plural}/{name}/status`);
  }
  expect(pathTemplate("/apis/monitoring.coreos.com/v1")).toBe("/apis/monitoring.coreos.com/v1");
});
