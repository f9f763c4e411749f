// A responder process as its clients and its operator see it.
import { expect } from "vitest";
import { replicationInfo, type ReplicationInfo } from "#contract/replication";
import { batchAnswer, type BatchResult } from "../../../responder/http/schema/batch.ts";
import { listAnswer } from "../../../responder/http/schema/keys.ts";
import { open } from "../../redis/connection.ts";
import type { ResponderProcess } from "../process.ts";

const page = 1_000;
const pageBytes = 900_000;

export interface Held {
  readonly value: string;
  /** 24 hex digits, which compare as the versions do. */
  readonly version: string;
}

export type Operation =
  | { readonly op: "put"; readonly key: string; readonly value: string; readonly ttl?: number; readonly ifMatch?: string }
  | { readonly op: "get" | "delete"; readonly key: string };

export interface Pod extends ResponderProcess {
  readonly name: string;
  /** Any request for one key. */
  entry(method: string, key: string, options?: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> }): Promise<Response>;
  /** Throws when it is not written. Returns its version. */
  put(key: string, value: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** undefined: there is none. */
  get(key: string): Promise<string | undefined>;
  delete(key: string): Promise<void>;
  /** Writes the key until its version is beyond the given one: clocks of one machine can be some milliseconds apart. Returns the version. */
  putAfter(version: string, key: string, value: string): Promise<string>;
  /** Redis commands over one connection, one after the other. */
  commands(...lines: readonly string[]): Promise<(string | undefined)[]>;
  /** In batches, as many as it takes, one after the other. */
  run(operations: readonly Operation[], headers?: Readonly<Record<string, string>>): Promise<BatchResult[]>;
  /** Of everything that can be read, by key. */
  versions(): Promise<Map<string, string>>;
  /** The same with the values. */
  contents(): Promise<Map<string, Held>>;
  /** Of a series as the exposition writes it, labels included. */
  series(name: string): Promise<number>;
  replication(): Promise<ReplicationInfo>;
  /** The verbose answer of the readiness probe. */
  readiness(): Promise<{ readonly status: number; readonly text: string }>;
  said(msg: string): readonly Record<string, unknown>[];
}

function* batchesOf(operations: readonly Operation[]): Generator<Operation[]> {
  let batch: Operation[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const more = JSON.stringify(operation).length + 1;
    if (batch.length === page || (batch.length > 0 && bytes + more > pageBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(operation);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

const hexOf = (etag: string | null): string => etag?.replaceAll('"', "") ?? "";

export const asPod = (name: string, process: ResponderProcess): Pod => {
  const entry: Pod["entry"] = (method, key, { body, headers = {} } = {}) =>
    fetch(`${process.api}/v1/kv/${encodeURIComponent(key)}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const run: Pod["run"] = async (operations, headers = {}) => {
    const results: BatchResult[] = [];
    for (const batch of batchesOf(operations)) {
      const body = JSON.stringify({ operations: batch });
      const answer = await fetch(`${process.api}/v1/batch`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
      if (!answer.ok) throw new Error(`a batch was answered ${answer.status} ${await answer.text()}`);
      results.push(...batchAnswer.parse(await answer.json()).results);
    }
    return results;
  };
  const put: Pod["put"] = async (key, value, headers = {}) => {
    const answer = await entry("PUT", key, { body: value, headers });
    if (!answer.ok) throw new Error(`PUT ${key} at ${name} was answered ${answer.status} ${await answer.text()}`);
    return hexOf(answer.headers.get("etag"));
  };
  const versions: Pod["versions"] = async () => {
    const found = new Map<string, string>();
    let cursor: string | null = "";
    while (cursor !== null) {
      const answer: Response = await fetch(`${process.api}/v1/kv?limit=${page}${cursor === "" ? "" : `&cursor=${cursor}`}`);
      const listed = listAnswer.parse(await answer.json());
      for (const { key, version } of listed.keys) found.set(key, hexOf(version));
      cursor = listed.cursor;
    }
    return found;
  };
  const text = async (path: string): Promise<string> => (await fetch(process.management + path)).text();

  return {
    ...process,
    name,
    entry,
    run,
    put,
    putAfter: async (version, key, value) => {
      let own = "";
      await expect
        .poll(
          async () => {
            own = await put(key, value);
            return own > version;
          },
          { timeout: 15_000 },
        )
        .toBe(true);
      return own;
    },
    commands: async (...lines) => {
      using connection = await open({ host: "127.0.0.1", port: process.ports.resp });
      const replies: (string | undefined)[] = [];
      for (const line of lines) {
        const reply = await connection.call(...line.split(" "));
        replies.push(reply.items.length > 0 ? reply.items.map(({ text }) => text).join(" ") : reply.text);
      }
      return replies;
    },
    get: async (key) => {
      const answer = await entry("GET", key);
      const body = await answer.text();
      if (answer.status === 404) return undefined;
      if (!answer.ok) throw new Error(`GET ${key} at ${name} was answered ${answer.status} ${body}`);
      return body;
    },
    delete: async (key) => {
      const answer = await entry("DELETE", key);
      if (!answer.ok) throw new Error(`DELETE ${key} at ${name} was answered ${answer.status}`);
    },
    versions,
    contents: async () => {
      const keys = [...(await versions()).keys()];
      const results = await run(keys.map((key) => ({ op: "get", key })));
      const held = new Map<string, Held>();
      // one may have expired in between
      for (const [i, { status, value = "", version = "" }] of results.entries()) if (status === 200) held.set(keys[i]!, { value, version: hexOf(version) });
      return held;
    },
    series: async (series) => {
      const line = (await text("/metrics")).split("\n").find((each) => each.startsWith(`${series} `));
      if (line === undefined) throw new Error(`no series ${series}`);
      return Number(line.slice(series.length + 1));
    },
    replication: async () => replicationInfo.parse((JSON.parse(await text("/info")) as { replication: unknown }).replication),
    readiness: async () => {
      const answer = await fetch(`${process.management}/readyz?verbose`);
      return { status: answer.status, text: await answer.text() };
    },
    said: (msg) => process.lines.filter((line) => line.msg === msg),
  };
};

/** Waits until all hold the same versions, and returns what that is. Throws what differs. */
export const agreement = async (pods: readonly Pod[], timeoutMs = 30_000): Promise<Map<string, Held>> => {
  await expect
    .poll(
      async () => {
        const [first = new Map<string, string>(), ...others] = await Promise.all(pods.map((pod) => pod.versions()));
        const keys = new Set([first, ...others].flatMap((held) => [...held.keys()]));
        return [...keys].filter((key) => others.some((held) => held.get(key) !== first.get(key)));
      },
      { timeout: timeoutMs, interval: 200 },
    )
    .toEqual([]);
  const [first = new Map<string, Held>(), ...others] = await Promise.all(pods.map((pod) => pod.contents()));
  // one version is one value
  for (const held of others) expect(held).toEqual(first);
  return first;
};
