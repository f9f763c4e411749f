// Ordinary clients of both protocols, each through its Service: with a token, through a rotation of it, and through a rolling restart under load.
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Redis } from "ioredis";
import { Pool } from "undici";
import type { Status } from "#crds/status";
import { buildImages } from "../../build/images.ts";
import { startCluster, waitFor } from "../cluster/index.ts";
import type { Cluster, Forward } from "../cluster/types.ts";
import { kvresponder, path, waitReady, type Resource } from "../support/kvresponders.ts";
import { redisRoundTrip, roundTrip, untilServed } from "../support/one-connection.ts";
import { operatorNamespace } from "../support/operator-process.ts";
import { tokenIn, tokenOf } from "../support/tokens.ts";

let cluster: Cluster;
let http: Forward;
let resp: Forward;
const [namespace, name] = ["team", "shop"];
const workload = `deploy/kv-responder-${name}`;
const merge = { contentType: "application/merge-patch+json" };

beforeAll(async () => {
  const images = await buildImages();
  cluster = await startCluster({ kind: "node", images: images.map((i) => i.path) });
  await cluster.kubectl("apply", "--server-side", "-k", resolve(import.meta.dirname, "../../config/default"));
  // kubelets of this cluster look at their mounts every second
  const flags = ["--token-propagation=10s", "--token-overlap=20s"].map((value) => ({ op: "add", path: "/spec/template/spec/containers/0/args/-", value }));
  await cluster.kubectl("patch", "deploy/kv-responder-operator", "-n", operatorNamespace, "--type=json", "-p", JSON.stringify(flags));
  await cluster.kubectl("rollout", "status", "-n", operatorNamespace, "deploy/kv-responder-operator", "--timeout=60s");
  await cluster.kubectl("create", "namespace", namespace);
  await cluster.apply(kvresponder(namespace, name, { replicas: 2, cache: { maxMemory: "32Mi" }, protocols: { resp: { enabled: true, port: 6400 } } }));
  await waitReady(cluster, namespace, name, 120_000);
  http = await cluster.forward({ namespace, service: `kv-responder-${name}`, port: 80 });
  resp = await cluster.forward({ namespace, service: `kv-responder-${name}`, port: 6400 });
  await untilServed(http.url);
}, 600_000);

afterAll(async () => {
  await http?.close();
  await resp?.close();
  await cluster?.stop();
});

const status = async (): Promise<Partial<Status>> => (await cluster.get<Resource>(path(namespace, name)))?.status ?? {};
const podNames = async () => (await cluster.pods({ namespace, selector: `kvresponder.io/name=${name}` })).map((p) => p.metadata.name).toSorted();

test("Redis clients get in with the token, on the port asked for, and not without", async () => {
  expect((await status()).endpoints).toMatchObject({ resp: `redis://kv-responder-${name}.${namespace}.svc:6400` });
  expect(await redisRoundTrip(resp, "greeting", "hello", await tokenOf(cluster, namespace, name))).toBe("hello");
  await expect(redisRoundTrip(resp, "greeting", "hello")).rejects.toThrow("NOAUTH");
});

/** Whether every pod lets this token in: each answer may come from another. */
const accepted = async (token: string): Promise<boolean> => {
  for (let i = 0; i < 8; i++) if ((await roundTrip(http.url, "probe", "x", token)).get !== 200) return false;
  return true;
};

test("a rotation: both tokens are accepted meanwhile, then the new one alone; no pod is replaced", async () => {
  const before = await podNames();
  const { tokenSecret: old = "" } = await status();
  const oldToken = (await tokenIn(cluster, namespace, old)) ?? "";
  await cluster.request("PATCH", path(namespace, name), { metadata: { annotations: { "kvresponder.io/rotate-token": "1" } } }, merge);
  await waitFor("the status names the new token", async () => (await status()).tokenSecret !== old, { timeoutMs: 60_000, intervalMs: 250 });
  const newToken = await tokenOf(cluster, namespace, name);
  expect(newToken).not.toBe(oldToken);
  // that is the promise: what the status names is accepted by every pod, and the old one still is
  expect([await accepted(newToken), await accepted(oldToken)]).toEqual([true, true]);
  expect(await redisRoundTrip(resp, "probe", "x", newToken)).toBe("x");
  await waitFor("the old Secret is gone", async () => (await tokenIn(cluster, namespace, old)) === undefined, { timeoutMs: 60_000, intervalMs: 250 });
  await waitFor("the old token is refused", async () => (await roundTrip(http.url, "probe", "x", oldToken)).get === 401, { timeoutMs: 60_000, intervalMs: 2_000 });
  expect(await accepted(newToken)).toBe(true);
  expect(await podNames()).toEqual(before);
}, 240_000);

interface Load {
  /** Ends it; what it saw. */
  stop(): Promise<{ readonly done: number; readonly errors: readonly string[] }>;
}

/** Several loops, one operation after the other, until told to stop. */
const load = (operation: (n: number) => Promise<unknown>, loops = 4): Load => {
  const end = new AbortController();
  let done = 0;
  const errors: string[] = [];
  const running = Promise.all(
    Array.from({ length: loops }, async () => {
      while (!end.signal.aborted) {
        await operation(done).then(
          () => done++,
          (error: unknown) => errors.push(String(error)),
        );
      }
    }),
  );
  return {
    async stop() {
      end.abort();
      await running;
      return { done, errors };
    },
  };
};

test("a rolling restart under load fails no request of an ordinary HTTP client nor of an ordinary Redis client", async () => {
  const before = await podNames();
  const token = await tokenOf(cluster, namespace, name);
  const headers = { authorization: `Bearer ${token}` };
  const pool = new Pool(http.url, { connections: 8 });
  const redis = new Redis({ host: resp.host, port: resp.port, password: token });
  const trouble: string[] = [];
  redis.on("error", (error) => trouble.push(String(error)));

  const overHttp = load(async (n) => {
    const method = n % 4 === 0 ? "PUT" : "GET";
    const { statusCode, body } = await pool.request({ path: `/v1/kv/k${n % 50}`, method, headers, ...(method === "PUT" && { body: "value" }) });
    await body.dump();
    // 404: not written yet, or at another pod a moment ago
    if (![200, 201, 204, 404].includes(statusCode)) throw new Error(`${method} answered ${statusCode}`);
  });
  const overResp = load((n) => (n % 4 === 0 ? redis.set(`k${n % 50}`, "value") : redis.get(`k${n % 50}`)));

  await cluster.kubectl("rollout", "restart", workload, "-n", namespace);
  await cluster.kubectl("rollout", "status", workload, "-n", namespace, "--timeout=150s", { timeoutMs: 180_000 });
  await waitFor("the old pods are gone", async () => (await podNames()).every((pod) => !before.includes(pod)), { timeoutMs: 90_000, intervalMs: 250 });

  const [seenHttp, seenResp] = [await overHttp.stop(), await overResp.stop()];
  redis.disconnect();
  await pool.close();
  console.log(`rolling restart: ${seenHttp.done} requests over HTTP, ${seenResp.done} commands over RESP, ${seenHttp.errors.length} and ${seenResp.errors.length} errors`);
  expect({ http: seenHttp.errors.slice(0, 5), resp: seenResp.errors.slice(0, 5), connection: trouble.slice(0, 5) }).toEqual({ http: [], resp: [], connection: [] });
  expect(Math.min(seenHttp.done, seenResp.done)).toBeGreaterThan(100);
}, 300_000);
