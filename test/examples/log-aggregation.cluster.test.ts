// Fluent Bit runs the configuration of the example over log files of responders and the operator, asks a real API server whose pods they are, and what it sends is compared line by line.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { label } from "#crds/names";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCluster, waitFor, type Cluster } from "../cluster/index.ts";
import { run, runResponder, type Run } from "../responder/log-run.ts";
import { configFile, examplePath } from "./documents.ts";
import { misfits, matches, unknownInPolicy, unknownInTemplate, type IndexTemplate, type LifecyclePolicy } from "./elasticsearch.ts";
import { startAgent, type Agent } from "./fluent-bit/agent.ts";
import { prepareRoot, type Store } from "./fluent-bit/config.ts";
import { criLines, writeLog, type Container, type Stream } from "./fluent-bit/cri.ts";
import { startStores, type Indexed, type Stores } from "./fluent-bit/stores.ts";

const file = "log-aggregation-config.yaml";
const template = JSON.parse(configFile(file, "elasticsearch-setup", "index-template.json")) as IndexTemplate;

interface Source {
  readonly container: Container;
  /** Of the pod. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whose it must become. */
  readonly scope: string;
  readonly lines: { readonly stream: Stream; readonly text: string }[];
}

const ours = (tenant: string, name: string) => ({ "app.kubernetes.io/name": "kv-responder", [label.tenant]: tenant, [label.name]: name });

const source = (namespace: string, pod: string, scope: string, labels: Readonly<Record<string, string>>, container = "responder"): Source => ({ container: { namespace, pod, container }, labels, scope, lines: [] });

const orders = source("team-a", "kv-responder-orders-7c9d-x1", "acme", ours("acme", "orders"));
const carts = source("team-a", "kv-responder-carts-5f6b-x2", "zeta", ours("zeta", "carts"));
// its process says that it is acme's
const liar = source("team-b", "kv-responder-liar-5f6b-x3", "beta", ours("beta", "liar"));
const operator = source("kv-responder-system", "kv-responder-operator-6d-x4", "_platform", { "app.kubernetes.io/name": "kv-responder-operator" }, "operator");
const bare = source("team-b", "kv-responder-bare", "_platform", {});
// a label's value may be what no tenant may
const shouting = source("team-b", "kv-responder-shouting", "_platform", ours("Acme", "shouting"));
const agentPod = source("kv-logging", "fluent-bit-x9", "", {}, "fluent-bit");
const sources = [orders, carts, liar, operator, bare, shouting];

/** Its `said` is for tests only, and this is before them. */
const said = (process: Run, message: string) => waitFor(message, () => Promise.resolve(process.lines().find(({ msg }) => msg === message)), { timeoutMs: 180_000 });

const linesOf = (text: string) => text.trimEnd().split("\n");

/** What a responder of this tenant writes when it is written to, read, asked with a trace, and crashes at last. */
const responderLog = async (folder: string, tenant: string, name: string): Promise<string[]> => {
  await using process = runResponder({
    imports: ['process.on("SIGUSR2", () => { throw new TypeError("of the test", { cause: new Error("below") }); });'],
    env: { KVR_TENANT: tenant, KVR_NAME: name, KVR_RUNTIME_FILE: join(folder, "runtime.json"), KVR_TRACE_ENDPOINT: "http://127.0.0.1:1" },
  });
  const { http } = (await said(process, "serving")) as unknown as { http: { port: number } };
  const url = `http://127.0.0.1:${http.port}/v1/kv`;
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  for (let i = 0; i < 20; i++) await (await fetch(`${url}/${i}`, { method: "PUT", body: "v", ...(i === 7 && { headers: { traceparent } }) })).arrayBuffer();
  for (let i = 0; i < 20; i++) await (await fetch(`${url}/${2 * i}`)).arrayBuffer();
  process.child.kill("SIGUSR2");
  await process.ended;
  return linesOf(process.text());
};

/** Of an operator whose API server cannot be reached. */
const operatorLog = async (folder: string): Promise<string[]> => {
  const kubeconfig = join(folder, "kubeconfig");
  const name = "nobody";
  await writeFile(kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", clusters: [{ name, cluster: { server: "https://127.0.0.1:1" } }], users: [{ name, user: {} }], contexts: [{ name, context: { cluster: name, user: name } }], "current-context": name }));
  await using process = run({ program: "operator/main.ts", args: ["--responder-image", "x", "--host", "127.0.0.1", "--port", "0", "--kubeconfig", kubeconfig, "--log-level", "debug"] });
  await said(process, "list or watch failed");
  process.child.kill("SIGTERM");
  await process.ended;
  return linesOf(process.text());
};

/** A program file that is missing: Node's own words and a stack, over many lines, none of them JSON. */
const plainCrash = async (): Promise<string[]> => {
  await using process = run({ program: "responder/is-not-there.ts" });
  await process.ended;
  return linesOf(process.text());
};

const longLine = JSON.stringify({ level: "info", msg: "long", tenant: "zeta", detail: "0123456789".repeat(4_000) });

const fill = async (folder: string): Promise<void> => {
  await writeFile(join(folder, "runtime.json"), JSON.stringify({ requests: { sample: 1 } }));
  const add = (to: Source, texts: readonly string[], stream: Stream = "stdout") => to.lines.push(...texts.map((text) => ({ stream, text })));
  const [a, z, l, o, crash] = await Promise.all([responderLog(folder, "acme", "orders"), responderLog(folder, "zeta", "carts"), responderLog(folder, "acme", "orders"), operatorLog(folder), plainCrash()]);
  add(orders, a);
  add(orders, crash, "stderr");
  add(carts, z);
  add(carts, [longLine]);
  add(liar, l);
  // fields that would stand in for the shipper's own, and types that the schema does not have
  add(liar, [JSON.stringify({ level: 3, msg: "claims", tenant: "acme", scope: "acme", stream_name: "logs-kv-acme", kubernetes: { labels: { [label.tenant]: "acme" } }, status: "many", err: "text" })]);
  add(operator, o);
  add(bare, [JSON.stringify({ level: "info", msg: "whose am I", tenant: "acme" }), "plain text, {not JSON}", ""]);
  add(shouting, [JSON.stringify({ level: "info", msg: "a label that is no tenant", tenant: "Acme" })]);
};

const nanoseconds = (at: number) => `2026-11-28T10:00:${String(Math.floor(at / 1000)).padStart(2, "0")}.${String(at % 1000).padStart(3, "0")}456789Z`;

interface Sent {
  readonly from: Source;
  readonly time: string;
  readonly stream: Stream;
  readonly text: string;
}

/** In the order in which they are written. */
const stamp = (): Sent[] => {
  let at = 0;
  return sources.flatMap((from) => from.lines.map(({ stream, text }) => ({ from, stream, text, time: nanoseconds(at++) })));
};

const writeOf = (folder: string, from: Source): Promise<void> => writeLog(folder, from.container, sent.filter((line) => line.from === from).flatMap(criLines));

interface Document {
  readonly tenant?: string;
  readonly claimed_tenant?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly error?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const added = new Set(["@timestamp", "tenant", "claimed_tenant", "scope", "stream_name", "container", "node", "stream", "details", "error", "text", "namespace", "pod"]);

/** The line that the document was made of, without what the pod's metadata says better. */
const lineOf = (document: Document): unknown => {
  if (document["text"] !== undefined) return document["text"];
  const { err, ...details } = document.details ?? {};
  const error = { ...document.error, ...(typeof err === "object" ? err : {}) };
  return {
    ...Object.fromEntries(Object.entries(document).filter(([key]) => !added.has(key))),
    ...details,
    ...(document.error !== undefined ? { err: error } : err !== undefined && { err }),
  };
};

/** The same of the text that was written. */
const parsed = (text: string, labels: Readonly<Record<string, string>>): unknown => {
  try {
    const { tenant: _t, namespace: _n, pod: _p, time: _i, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return { ...rest, ...(labels[label.name] !== undefined && { kvresponder: labels[label.name] }) };
  } catch {
    return text;
  }
};

let [dir, cluster]: [string, Cluster | undefined] = ["", undefined];
let stores: Stores;
const agents: (Agent | undefined)[] = [];
const agentLogs = () => agents.map((agent) => agent?.log() ?? "").join("\n");
let sent: Sent[];
let indexed: (Indexed & { document: Document })[];

const create = async (on: Cluster, { container: { namespace, pod, container }, labels }: Source) => {
  const spec = { containers: [{ name: container, image: "localhost/kvr/responder:test" }] };
  await on.apply({ apiVersion: "v1", kind: "Pod", metadata: { name: pod, namespace, labels }, spec });
};

const startControl = async (): Promise<Cluster> => {
  const on = await startCluster({ kind: "control", audit: true });
  await on.apply(examplePath(file));
  for (const namespace of new Set(sources.map(({ container }) => container.namespace))) await on.kubectl("create", "namespace", namespace);
  for (const each of [agentPod, ...sources]) {
    await waitFor(`a ServiceAccount in ${each.container.namespace}`, async () => (await on.get(`/api/v1/namespaces/${each.container.namespace}/serviceaccounts/default`)) !== undefined);
    await create(on, each);
  }
  return on;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "logs-"));
  [cluster] = await Promise.all([startControl(), fill(dir)]);
  const kubeconfig = JSON.parse(await readFile(await cluster.serviceAccountKubeconfig("kv-logging", "fluent-bit"), "utf8")) as {
    clusters: [{ cluster: { server: string; "certificate-authority": string } }];
    users: [{ user: { token: string } }];
  };
  const { server, "certificate-authority": ca } = kubeconfig.clusters[0].cluster;
  const credentials = { namespace: "kv-logging", token: kubeconfig.users[0].user.token, "ca.crt": await readFile(ca, "utf8") };
  sent = stamp();
  stores = await startStores();
  // a store that is away at first, and one that is back
  stores.refuse(2);
  const env = { HOSTNAME: agentPod.container.pod, ES_HOST: "127.0.0.1", ES_PORT: String(stores.esPort), ES_TLS: "Off", ES_USER: "u", ES_PASSWORD: "p", LOKI_HOST: "127.0.0.1", LOKI_PORT: String(stores.lokiPort) };
  const start = async (store: Store, of: readonly Source[]) => {
    const root = join(dir, `root-${agents.length}`);
    const index = agents.push(undefined) - 1;
    const containers = await prepareRoot({ root, store, apiServer: server, credentials });
    for (const each of of) await writeOf(containers, each);
    agents[index] = await startAgent(root, env);
  };
  await start("elasticsearch", sources);
  // this Fluent Bit is older than the one that the example asks for, in which requests to Loki at the same moment may go out under each other's tenant: one for each pod
  for (const each of sources) await start("loki", [each]);
  await waitFor("every line to arrive at both stores", () => Promise.resolve(stores.indexed.length >= sent.length && stores.pushed.length >= sent.length), { timeoutMs: 150_000 }).catch((cause: unknown) => {
    throw new Error(`${stores.indexed.length} documents and ${stores.pushed.length} pushes of ${sent.length} lines:\n${agentLogs().slice(-4000)}`, { cause });
  });
  indexed = stores.indexed as typeof indexed;
}, 600_000);

afterAll(async () => {
  for (const agent of agents) await agent?.stop("SIGKILL");
  await stores?.[Symbol.asyncDispose]();
  await cluster?.stop();
  await rm(dir, { recursive: true, force: true });
});

const byTime = (of: Source) => indexed.filter(({ document }) => document["pod"] === of.container.pod);

describe("Elasticsearch", () => {
  test("gets each line once, in spite of two refusals, and nothing else", () => {
    expect(indexed).toHaveLength(sent.length);
    expect([stores.refused, stores.strange]).toEqual([2, []]);
  });

  test.each(sources.map((each) => [each.container.pod, each] as const))("has the lines of %s in the stream of whose pod it is", (_, each) => {
    expect(new Set(byTime(each).map(({ index }) => index))).toEqual(new Set([`logs-kv-${each.scope}-default`]));
    for (const { document } of byTime(each)) {
      expect(document.tenant).toBe(each.scope === "_platform" ? undefined : each.scope);
      expect(document).toMatchObject({ namespace: each.container.namespace, container: each.container.container, scope: each.scope });
    }
  });

  test("creates, as a data stream demands, and names no type", () => {
    expect(new Set(indexed.map(({ operation }) => operation))).toEqual(new Set(["create"]));
    expect(indexed.flatMap(({ parameters }) => parameters)).toEqual([]);
  });

  test("has every field of every line, with the time that containerd wrote", () => {
    // a fraction goes through a floating-point number there, so its last digit may be another
    const key = (time: string, stream: unknown) => `${time.slice(0, 19)} ${Math.round(Number(time.slice(19, -1)) * 1e6)} ${String(stream)}`;
    const documents = new Map(indexed.map(({ document }) => [key(document["@timestamp"] as string, document["stream"]), document]));
    // of an empty line there is nothing to have but that there was one
    expect(indexed.filter(({ document }) => document["text"] === "")).toHaveLength(sent.filter(({ text }) => text === "").length);
    for (const { from, time, stream, text } of sent.filter((line) => line.text !== "")) {
      const document = documents.get(key(time, stream));
      expect(document?.["pod"], `${time} ${text.slice(0, 300)}`).toBe(from.container.pod);
      expect(lineOf(document ?? {})).toEqual(parsed(text, from.labels));
    }
  });

  test("is told apart what a line claims", () => {
    const claims = byTime(liar).map(({ document }) => document.claimed_tenant);
    expect(new Set(claims)).toEqual(new Set(["acme"]));
    expect(byTime(orders).filter(({ document }) => document.claimed_tenant !== undefined)).toEqual([]);
    expect(byTime(shouting).map(({ document }) => document.claimed_tenant)).toEqual(["Acme"]);
  });

  test("maps every field, and takes every document", () => {
    expect(indexed.flatMap(({ document }) => misfits(template.template.mappings, document))).toEqual([]);
  });

  test("has the template for every stream", () => expect(indexed.filter(({ index }) => !matches(template.index_patterns, index))).toEqual([]));
});

describe("Loki", () => {
  test("gets each line in the tenant whose it is", () => {
    expect(stores.pushed).toHaveLength(sent.length);
    const scopeOf = new Map(sources.map(({ container, scope }) => [container.pod, scope]));
    for (const { tenant, line } of stores.pushed) expect(tenant).toBe(scopeOf.get((JSON.parse(line) as { pod: string }).pod));
  });

  test("gets few labels, none of which grows with traffic", () => {
    const labels = new Set(stores.pushed.flatMap(({ labels: each }) => Object.keys(each)));
    expect([...labels].toSorted()).toEqual(["container", "job", "kvresponder", "level", "namespace"]);
    expect(new Set(stores.pushed.map(({ labels: each }) => JSON.stringify(each))).size).toBeLessThan(30);
  });

  test("is not told what was only for the way", () => {
    for (const { line } of stores.pushed) expect(Object.keys(JSON.parse(line) as object)).not.toContain("stream_name");
  });

  test("can go from a line to its trace", () => {
    const traced = stores.pushed.map(({ tenant, line }) => ({ tenant, ...(JSON.parse(line) as { trace_id?: string }) })).filter(({ trace_id }) => trace_id === "4bf92f3577b34da6a3ce929d0e0e4736");
    expect(new Set(traced.map(({ tenant }) => tenant))).toEqual(new Set(["acme", "zeta", "beta"]));
  });
});

test("Fluent Bit reads single pods, and is refused nothing", async () => {
  const requests = ((await cluster?.auditLog()) ?? []).filter(({ user }) => user.username === "system:serviceaccount:kv-logging:fluent-bit");
  expect(new Set(requests.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`))).toEqual(new Set(["get pods"]));
  expect(requests.filter(({ responseStatus }) => responseStatus?.code !== 200)).toEqual([]);
});

test("Fluent Bit has no complaint but the refusals", () => {
  const complaints = agentLogs().split("\n").filter((line) => /\[\s*(error|warn)\]/.test(line));
  expect(complaints.filter((line) => !/output:es:es\.0\] HTTP status=503|failed to flush chunk/.test(line))).toEqual([]);
});

describe("the setup of Elasticsearch", () => {
  test("has only keys, types and parameters that there are", () => expect(unknownInTemplate(template)).toEqual([]));

  test("comes before the template that Elasticsearch brings for logs-*-*", () => expect(template["priority"]).toBeGreaterThan(100));

  test("names a policy with phases and actions that there are", () => {
    const policy = JSON.parse(configFile(file, "elasticsearch-setup", "ilm-policy.json")) as LifecyclePolicy;
    expect(unknownInPolicy(policy)).toEqual([]);
    expect(template.template.settings["index.lifecycle.name"]).toBe("logs-kv");
  });
});
