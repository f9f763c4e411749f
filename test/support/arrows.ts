// The arrows that must never exist, each with a planted violation that proves it bites. STYLE: imports point one way.
import { findCycle, importsOf, withoutComments, type Import, type SourceTree } from "./source-tree.ts";

export interface ArrowRule {
  name: string;
  /** Violations in words, one each. */
  find(tree: SourceTree, imports: readonly Import[]): string[];
  /** A file that breaks this rule. */
  plant: { path: string; text: string };
}

const pure = /^operator\/(render|observability)\/|^operator\/reconcile\/(desired|prune|status|features|verdict|selection|selecting|label-selector|diff|fields-v1|tokens|looks|secrets|peers|rollout|rollouts|policy)\.ts$/;
const pkg = (name: string) => (to: string) => to === name || to.startsWith(`${name}/`);
const anyOf =
  (...tests: ((to: string) => boolean)[]) =>
  (to: string) =>
    tests.some((t) => t(to));
const clientNode = pkg("@kubernetes/client-node");
const promClient = pkg("prom-client");
const openTelemetry = (to: string) => to.startsWith("@opentelemetry/");
const inFolder = (folder: string) => (to: string) => to.startsWith(folder);

/** No file that `from` accepts may import what `to` accepts. */
const never = (name: string, from: (path: string) => boolean, to: (target: string) => boolean, plant: ArrowRule["plant"]): ArrowRule => ({
  name,
  plant,
  find: (_, imports) => imports.filter((i) => from(i.from) && to(i.to)).map((i) => `${i.from} imports ${i.to}`),
});

/** No file that `from` accepts may contain `pattern` in its code. */
const absent = (name: string, from: (path: string) => boolean, pattern: RegExp, plant: ArrowRule["plant"]): ArrowRule => ({
  name,
  plant,
  find: (tree) =>
    [...tree].filter(([path]) => from(path)).flatMap(([path, text]) => [...withoutComments(text).matchAll(pattern)].map((m) => `${path} contains ${m[0].trim()}`)),
});

/** The names that a catalogue file declares as keys. */
const metricNames = (tree: SourceTree): string[] =>
  [...tree].filter(([path]) => isCatalogue(path)).flatMap(([, text]) => [...text.matchAll(/^ {2}([a-z][a-z0-9]*(?:_[a-z0-9]+)+): \{/gm)].map((m) => m[1] ?? ""));
const isCatalogue = (path: string) => path === "responder/contract/metrics.ts" || path === "operator/metrics.ts" || path === "responder/telemetry/platform-series.ts";

const outside = anyOf(...["net", "dns", "fs", "tls", "http", "https", "http2", "dgram", "os", "child_process", "worker_threads"].map((name) => pkg(`node:${name}`)));
const replicationPort = "responder/replication/port.ts";
/** What replication is told of the store. */
const storeInterface = /^responder\/store\/(types|version|ranges|digest)\.ts$/;

export const arrowRules: readonly ArrowRule[] = [
  never(
    "pure operator code reaches no API, no log, no metric, no file and no network",
    (p) => pure.test(p),
    anyOf(inFolder("operator/kube/"), clientNode, pkg("pino"), promClient, openTelemetry, pkg("node:fs"), pkg("node:net"), pkg("node:http"), pkg("node:https"), pkg("undici")),
    { path: "operator/render/planted.ts", text: 'import { readFileSync } from "node:fs";' },
  ),
  never("pure operator code does not import kube", (p) => pure.test(p), inFolder("operator/kube/"), {
    path: "operator/reconcile/status.ts",
    text: 'import { createClient } from "../kube/client.ts";',
  }),
  absent("pure operator code reads no clock", (p) => pure.test(p), /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bsetTimeout\b|#lib\/clock/g, {
    path: "operator/observability/planted.ts",
    text: "export const now = Date.now();",
  }),
  never("the responder knows nothing of the operator", inFolder("responder/"), anyOf(inFolder("operator/"), clientNode, pkg("@dot-i/k8s-operator")), {
    path: "responder/http/planted.ts",
    text: 'import { ownedKinds } from "../../operator/kinds.ts";',
  }),
  never(
    "the store serves no protocol and no telemetry",
    inFolder("responder/store/"),
    anyOf(inFolder("responder/http/"), inFolder("responder/resp/"), inFolder("responder/peers/"), inFolder("responder/replication/"), promClient),
    { path: "responder/store/planted.ts", text: 'import { app } from "../http/app.ts";' },
  ),
  never("peers reach the network, DNS and files in their adapters alone", (p) => p.startsWith("responder/peers/") && !/\/(tcp|dns|lookup)\.ts$/.test(p), outside, {
    path: "responder/peers/membership.ts",
    text: 'import { readFileSync } from "node:fs";',
  }),
  never("replication reaches no network and no file: connections come from the port in peers", inFolder("responder/replication/"), anyOf(outside, (to) => /^responder\/peers\/(tcp|dns|lookup|static)\.ts$/.test(to)), {
    path: "responder/replication/sender.ts",
    text: 'import { connect } from "node:net";',
  }),
  absent(
    "replication and peers are given time and chance",
    // setTimeout of a socket is the socket's
    (p) => p.startsWith("responder/replication/") || (p.startsWith("responder/peers/") && p !== "responder/peers/tcp.ts"),
    /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b|\brandom(Bytes|UUID|Int)\b|\bset(Timeout|Interval|Immediate)\b|\bsystem(Clock|Timers)\b/g,
    { path: "responder/replication/planted.ts", text: "export const jitter = Math.random();" },
  ),
  never("replication sees the store by its interface", inFolder("responder/replication/"), (to) => to.startsWith("responder/store/") && !storeInterface.test(to), {
    path: "responder/replication/planted.ts",
    text: 'import { Columns } from "../store/columns.ts";',
  }),
  never("peers know of replication only the backlog and the fields of frames", inFolder("responder/peers/"), (to) => to.startsWith("responder/replication/") && !/\/(backlog|wire)\.ts$/.test(to), {
    path: "responder/peers/planted.ts",
    text: 'import { createSender } from "../replication/sender.ts";',
  }),
  never("neither peers nor replication serve a protocol", (p) => /^responder\/(peers|replication)\//.test(p), anyOf(inFolder("responder/http/"), inFolder("responder/resp/"), inFolder("responder/auth/"), pkg("hono")), {
    path: "responder/replication/planted.ts",
    text: 'import { app } from "../http/app.ts";',
  }),
  never("the protocols know only the port of replication", (p) => /^responder\/(http|resp)\//.test(p), anyOf((to) => to.startsWith("responder/replication/") && to !== replicationPort, inFolder("responder/peers/")), {
    path: "responder/resp/planted.ts",
    text: 'import { createWaiters } from "../replication/acks.ts";',
  }),
  never(
    "crds and contract import only zod, each other and catalogue types",
    // generators are programs of their own; the arrow is about what the schema and the contract pull in
    (p) => (p.startsWith("crds/") && !/^crds\/generate\.ts$/.test(p)) || p.startsWith("responder/contract/"),
    (to) => !(to === "zod" || to === "yaml" || to.startsWith("crds/") || to.startsWith("responder/contract/") || to === "responder/telemetry/catalogue.ts"),
    { path: "responder/contract/planted.ts", text: 'import pino from "pino";' },
  ),
  never("client-node stays inside operator/kube", (p) => !p.startsWith("operator/kube/"), clientNode, {
    path: "operator/main.ts",
    text: 'import { KubeConfig } from "@kubernetes/client-node";',
  }),
  never("the dot-i operator class has one adapter", (p) => p !== "operator/kube/shell.ts", pkg("@dot-i/k8s-operator"), {
    path: "operator/runtime/planted.ts",
    text: 'import Operator from "@dot-i/k8s-operator";',
  }),
  never("prom-client stays inside telemetry/instruments", (p) => p !== "responder/telemetry/instruments.ts", promClient, {
    path: "operator/metrics.ts",
    text: 'import { Registry } from "prom-client";',
  }),
  never("the OpenTelemetry SDK stays inside telemetry/tracing", (p) => p !== "responder/telemetry/tracing.ts", (to) => /^@opentelemetry\/(sdk|exporter|resources)/.test(to), {
    path: "responder/main.ts",
    text: 'const sdk = await import("@opentelemetry/sdk-node");',
  }),
  {
    name: "a metric's name stands in a catalogue and nowhere else as a string",
    plant: { path: "operator/observability/planted.ts", text: 'export const query = "sum(rate(kv_operations_total[5m]))";' },
    find: (tree) => {
      const names = metricNames(tree);
      return [...tree]
        .filter(([path]) => !isCatalogue(path))
        .flatMap(([path, text]) =>
          // inside a longer string, or as a whole string that is not handed to the typed builder (whose argument type is the catalogue's key)
          [...withoutComments(text).matchAll(/"[^"\n]*"|`[^`]*`/g)]
            .map((m) => m[0])
            .filter((literal) => names.some((n) => new RegExp(`\\b${n}\\b`).test(literal) && literal !== `"${n}"`))
            .map((literal) => `${path} spells a metric in ${literal.slice(0, 60)}`),
        );
    },
  },
  absent("process.env and process.exit belong to main and lib/env", (p) => !/(^|\/)main\.ts$|^responder\/lib\/env\.ts$|^operator\/cli\/|^build\/|\/generate\.ts$/.test(p), /\bprocess\.(env|exit)\b/g, {
    path: "responder/lib/planted.ts",
    text: "export const port = process.env.PORT;",
  }),
  never("sources do not import tests", () => true, inFolder("test/"), { path: "crds/planted.ts", text: 'import { readSources } from "../test/support/source-tree.ts";' }),
  {
    name: "no import cycles",
    plant: { path: "responder/lib/planted.ts", text: 'import { a } from "./planted.ts";' },
    find: (_, imports) => {
      const cycle = findCycle(imports);
      return cycle ? [cycle.join(" -> ")] : [];
    },
  },
];

export const violations = (rule: ArrowRule, tree: SourceTree): string[] => rule.find(tree, [...tree].flatMap(([path, text]) => importsOf(path, text)));
