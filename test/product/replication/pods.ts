// The pods of one tenant, each reached by its own address: entries, metrics, and what it holds in all.
import { Client } from "undici";
import { ackedHeader, ackHeader, port } from "#contract/http";
import { parseInfo } from "#contract/replication";
import { waitFor } from "../../cluster/index.ts";
import type { Cluster, PodObject } from "../../cluster/types.ts";
import { parseAcked, type Ack, type Inventory, type Kind, type Operation } from "./history.ts";

/** A frozen pod answers when it goes on. */
const answerMs = 60_000;
const page = 1_000;

export type Answer = Pick<Operation, "status" | "value" | "version" | "acked">;

export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  /** Of the HTTP API. */
  readonly url: string;
  /** A client with one connection of its own. */
  connect(): PodClient;
  /** Sum of the samples of this metric whose labels include the given ones. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  replication(): Promise<NonNullable<ReturnType<typeof parseInfo>["replication"]>>;
  isReady(): Promise<boolean>;
  /** Every key with its version, in pages. */
  versions(): Promise<ReadonlyMap<string, string>>;
  /** Every key with its version and its value. */
  inventory(): Promise<Inventory>;
}

export interface PodClient {
  ask(kind: Kind, key: string, more?: { readonly value?: string; readonly ack?: Ack }): Promise<Answer>;
  batch(entries: readonly (readonly [key: string, value: string])[]): Promise<void>;
  close(): Promise<void>;
}

export interface Pods {
  /** Those that are not being deleted, as they come up; by name. */
  list(): Promise<readonly Pod[]>;
  /** Those that serve, as many as are asked for. */
  ready(count: number, timeoutMs?: number): Promise<readonly Pod[]>;
  close(): Promise<void>;
}

const sum = (text: string, name: string, labels: Readonly<Record<string, string>>): number =>
  text
    .split("\n")
    .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && Object.entries(labels).every(([k, v]) => line.includes(`${k}="${v}"`)))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);

const connectTo = (url: string, authorization: string): PodClient => {
  const client = new Client(url, { headersTimeout: answerMs, bodyTimeout: answerMs });
  return {
    ask: async (kind, key, { value, ack } = {}) => {
      const method = kind === "get" ? "GET" : kind === "put" ? "PUT" : "DELETE";
      const headers = { authorization, ...(ack && { [ackHeader]: ack }) };
      const { statusCode: status, headers: told, body } = await client.request({ method, path: `/v1/kv/${encodeURIComponent(key)}`, headers, ...(kind === "put" && { body: value ?? "" }) });
      const text = await body.text();
      const tag = told["etag"];
      const acked = parseAcked(told[ackedHeader.toLowerCase()]?.toString());
      return { status, ...(kind === "put" ? { value } : kind === "get" && status === 200 && { value: text }), ...(typeof tag === "string" && { version: tag.slice(1, -1) }), ...(acked && { acked }) };
    },
    batch: async (entries) => {
      const operations = entries.map(([key, value]) => ({ op: "put", key, value }));
      const { statusCode, body } = await client.request({ method: "POST", path: "/v1/batch", headers: { authorization, "content-type": "application/json" }, body: JSON.stringify({ operations }) });
      const text = await body.text();
      const results = statusCode === 200 ? (JSON.parse(text) as { results: { status: number }[] }).results : [];
      if (results.length !== entries.length || results.some(({ status }) => status >= 300)) throw new Error(`a batch was answered ${statusCode}: ${text.slice(0, 500)}`);
    },
    close: () => client.close(),
  };
};

const open = async (cluster: Cluster, { metadata: { namespace, name, uid }, status: { podIP = "" } }: PodObject, token: string): Promise<Pod & AsyncDisposable> => {
  const [api, management] = await Promise.all([port.http, port.metrics].map((each) => cluster.forward({ namespace, pod: name, port: each })));
  if (!api || !management) throw new Error("no addresses");
  const authorization = `Bearer ${token}`;
  const versions = async (): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    for (let cursor: string | null = ""; cursor !== null; ) {
      const answer = await fetch(`${api.url}/v1/kv?limit=${page}${cursor && `&cursor=${cursor}`}`, { headers: { authorization } });
      if (!answer.ok) throw new Error(`the list of keys was answered ${answer.status}`);
      const { keys, cursor: next } = (await answer.json()) as { keys: { key: string; version: string }[]; cursor: string | null };
      for (const { key, version } of keys) found.set(key, version);
      cursor = next;
    }
    return found;
  };
  return {
    name,
    uid,
    ip: podIP,
    url: api.url,
    connect: () => connectTo(api.url, authorization),
    metric: async (metric, labels = {}) => sum(await (await fetch(`${management.url}/metrics`)).text(), metric, labels),
    replication: async () => {
      const { replication } = parseInfo(await (await fetch(`${management.url}/info`)).text());
      if (!replication) throw new Error(`${name} says nothing of replication`);
      return replication;
    },
    isReady: async () => (await fetch(`${management.url}/readyz`)).ok,
    versions,
    inventory: async () => {
      const client = connectTo(api.url, authorization);
      try {
        const held = new Map<string, { version: string; value: string }>();
        for (const key of (await versions()).keys()) {
          const { status, version, value } = await client.ask("get", key);
          if (status !== 200 || version === undefined || value === undefined) throw new Error(`${name} lists ${key} and answers ${status}`);
          held.set(key, { version, value });
        }
        return held;
      } finally {
        await client.close();
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([api.close(), management.close()]);
    },
  };
};

export const createPods = (cluster: Cluster, [namespace, tenant]: readonly [string, string], token: string): Pods => {
  const opened = new Map<string, Promise<Pod & AsyncDisposable>>();

  const list = async (): Promise<readonly Pod[]> => {
    const found = await cluster.pods({ namespace, selector: `kvresponder.io/name=${tenant}` });
    const alive = found.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === "Running" && status.podIP);
    for (const pod of alive) if (!opened.has(pod.metadata.uid)) opened.set(pod.metadata.uid, open(cluster, pod, token));
    const pods = await Promise.all(alive.flatMap(({ metadata }) => opened.get(metadata.uid) ?? []));
    return pods.toSorted((x, y) => (x.name < y.name ? -1 : 1));
  };
  return {
    list,
    ready: (count, timeoutMs = 120_000) =>
      waitFor(`${count} pods of ${tenant} serve`, async () => {
        const pods = await list();
        const serving = await Promise.all(pods.map((pod) => pod.isReady()));
        return pods.length === count && serving.every(Boolean) && pods;
      }, { timeoutMs, intervalMs: 250 }),
    close: async () => {
      for (const pod of opened.values()) await (await pod)[Symbol.asyncDispose]();
    },
  };
};
