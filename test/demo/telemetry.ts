// What the demo shows of telemetry: metrics of one pod, the line of one request in the logs, and the trace that its id leads to.
import { randomBytes } from "node:crypto";
import { ackHeader, port } from "#contract/http";
import { waitFor } from "../cluster/index.ts";
import { drawTrace, traceOf, type Span } from "../support/traces.ts";
import { podsOf, type Collector, type Stage } from "./stage.ts";

export interface TelemetryScene {
  readonly stage: Stage;
  readonly namespace: string;
  readonly name: string;
  readonly token: string;
  readonly say: (line: string) => void;
  /** Where the tenant's spans go. Absent: there is nothing to show of traces. */
  readonly collector: Collector | undefined;
}

/** Sends the tenant's spans there, and logs each of its requests. */
export const traceTo = ({ endpoint }: Collector): string => JSON.stringify({ spec: { tracing: { endpoint }, logging: { requests: { sample: 1 } } } });

const logLabel = "app.kubernetes.io/name=kv-responder";
const telling = /^kv_(entries |memory_used_bytes |peers_connected |http_requests_total\{.*PUT.*\} [1-9]|replication_operations_total\{.*\} [1-9])/;

const describe = ({ name, kind, durationUs, resource, attributes }: Span): string => {
  const peer = attributes["network.peer.address"];
  return `${name} (${kind}) at ${resource["k8s.pod.name"]}${peer === undefined ? "" : ` to ${peer}`}, ${durationUs / 1000} ms, tenant.id=${attributes["tenant.id"]}`;
};

/** Every line of the tenants' pods, parsed: a line that is not JSON ends the demo. */
const logLines = async (stage: Stage, namespace: string): Promise<readonly Record<string, unknown>[]> =>
  (await stage.kubectl(["logs", "-n", namespace, "-l", logLabel, "--tail=100"])).trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);

/** Throws when one of the three is not as promised. */
export const showTelemetry = async ({ stage, namespace, name, token, say, collector }: TelemetryScene): Promise<void> => {
  // a pod that goes is a peer for as long as it runs
  const pods = await waitFor("pods that stay", async () => {
    const { ready, others } = await podsOf(stage, namespace, name);
    return others === 0 && ready;
  }, { timeoutMs: 60_000, intervalMs: 500 });
  // not the first, which will be deleted
  const pod = pods.at(-1) ?? "";
  const address = await stage.forward({ namespace, pod, port: port.http });
  const traceId = randomBytes(16).toString("hex");
  const traceparent = `00-${traceId}-${randomBytes(8).toString("hex")}-01`;
  const put = await fetch(`${address.url}/v1/kv/traced`, { method: "PUT", body: "a value", headers: { authorization: `Bearer ${token}`, [ackHeader]: "all", traceparent } });
  if (!put.ok) throw new Error(`the traced PUT answered ${put.status}`);

  const metrics = (await (await fetch(`${address.url}/metrics`)).text()).split("\n").filter((line) => telling.test(line));
  if (metrics.length === 0) throw new Error(`${address.url}/metrics tells nothing of ${name}`);
  console.log(`\n$ curl ${address.url}/metrics    # ${pod}; some of its lines\n${metrics.slice(0, 8).join("\n")}`);

  const { lines, line } = await waitFor("the request in the logs", async () => {
    const all = await logLines(stage, namespace);
    // without a collector only one line in many is about a request that was fast and fine
    const found = collector ? all.find((each) => each["trace_id"] === traceId) : (all.findLast(({ msg, kvresponder }) => msg === "request" && kvresponder === name) ?? all.at(-1));
    return found && { lines: all.length, line: found };
  });
  console.log(`\n$ kubectl logs -n ${namespace} -l ${logLabel} --tail=100 | jq -c .    # ${lines} lines, each of them JSON; one of them\n${JSON.stringify(line)}`);
  say(`telemetry: metrics of ${pod}, and ${lines} log lines that all parse`);

  if (!collector) return say("telemetry: no trace is shown, for no Jaeger was brought here; spec.tracing.endpoint names yours");
  const expected = 1 + 2 * (pods.length - 1);
  const trace = await waitFor("the trace of the write", async () => {
    const seen = await traceOf(collector.query.url, traceId);
    return seen !== undefined && seen.spans.length >= expected && seen;
  }, { timeoutMs: 60_000 });
  console.log(`\n$ curl ${collector.query.url}/api/traces/${traceId}    # the trace_id of that line, as a tree\n${drawTrace(trace, describe).join("\n")}`);
  say(`telemetry: trace ${traceId} leads from the write to its application at ${pods.length - 1} peers`);
};
