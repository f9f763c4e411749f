// Starts responders that are each other's peers, on loopback, and reads what they say of it.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../harness/process.ts";
import { stopAll, type Target } from "../harness/rounds.ts";
import { startResponder, type ResponderOptions, type ResponderTarget } from "../peers/responder.ts";

const limitMs = 60_000;

/** Every series of a scrape, by its text: `kv_entries`, `kv_warmup_state{state="copied"}`. */
export const exposition = async ({ metricsPort }: ResponderTarget): Promise<ReadonlyMap<string, number>> => {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(series.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))] as const));
};

export const seriesOf = async (pod: ResponderTarget, series: string): Promise<number> => {
  const value = (await exposition(pod)).get(series);
  if (value === undefined) throw new Error(`the responder exposes no ${series}`);
  return value;
};

export const appliedSeries = 'kv_replication_operations_total{direction="in",result="applied"}';

/** Asks again and again. Throws with what was waited for. */
export const until = async (what: string, holds: () => Promise<boolean>, everyMs = 20, atMostMs = limitMs): Promise<void> => {
  const end = performance.now() + atMostMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${atMostMs / 1000} s: ${what}`);
    await new Promise((again) => setTimeout(again, everyMs));
  }
};

/** Where a pod listens, and what its peers are told of that: the same, unless something stands between them. */
export interface Place {
  readonly listens: number;
  readonly announced: { readonly host: string; readonly port: number };
}

const direct = async (): Promise<Place> => {
  const port = await freePort();
  return { listens: port, announced: { host: "127.0.0.1", port } };
};

export interface MeshOptions {
  readonly name: string;
  readonly pods: number;
  readonly options?: ResponderOptions;
  /** Default: peers reach each other directly. */
  readonly place?: () => Promise<Place>;
}

export interface Mesh extends Target {
  readonly pods: readonly ResponderTarget[];
  /** One more, which the others do not know of until it calls. It may not be ready yet. */
  join(options?: ResponderOptions): Promise<ResponderTarget>;
  /** Stops it and forgets it. */
  part(pod: ResponderTarget): Promise<void>;
}

/** Everything that was written has been acknowledged by every peer. */
export const drained = (pods: readonly ResponderTarget[], atMostMs = limitMs): Promise<void> =>
  until("peers have everything", async () => (await Promise.all(pods.map((pod) => seriesOf(pod, "kv_replication_queue_items")))).every((queued) => queued === 0), 20, atMostMs);

const connected = (pods: readonly ResponderTarget[]): Promise<void> =>
  until("all peers are connected and ready", async () => {
    const all = await Promise.all(pods.map(exposition));
    return all.every((series) => series.get("kv_peers_connected") === pods.length - 1 && series.get('kv_warmup_state{state="warming"}') === 0);
  });

/** Resolves when all know each other. With one pod: the same program with replication on and nobody to replicate to. */
export const startMesh = async ({ name, pods: count, options = {}, place = direct }: MeshOptions): Promise<Mesh> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-mesh-"));
  const secret = join(folder, "secret");
  writeFileSync(secret, randomBytes(32).toString("hex"));
  const places: Place[] = [];
  while (places.length < count) places.push(await place());
  const peers = places.map(({ announced: { host, port } }) => `${host}:${port}`).join(",");
  const pods: ResponderTarget[] = [];
  const start = ({ listens, announced }: Place, more: ResponderOptions) =>
    startResponder({
      ...more,
      env: { KVR_REPLICATION: "Peers", KVR_PEERS: peers, KVR_PEERS_PORT: String(listens), KVR_POD_IP: announced.host, KVR_PEER_SECRET_FILE: secret, ...more.env },
    });
  const stop = async () => {
    await stopAll(pods);
    rmSync(folder, { recursive: true });
  };
  try {
    pods.push(...(await Promise.all(places.map((at) => start(at, options)))));
    await connected(pods);
  } catch (err) {
    await stop();
    throw err;
  }
  return {
    name,
    pods,
    get pids() {
      return pods.flatMap((pod) => pod.pids);
    },
    stop,
    join: async (more = options) => {
      const pod = await start(await direct(), more);
      pods.push(pod);
      return pod;
    },
    part: async (pod) => {
      pods.splice(pods.indexOf(pod), 1);
      await pod.stop();
    },
  };
};
