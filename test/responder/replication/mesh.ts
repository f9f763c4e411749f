// A few responder processes that replicate to each other over lanes which the test holds in its hand.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, type OutputFile } from "../../../build/bundle.ts";
import { reservePort } from "../../cluster/ports.ts";
import { waitFor } from "../../cluster/wait.ts";
import { startResponder } from "../process.ts";
import { frontHost, openFront } from "./front.ts";
import { createLane, type Lane } from "./lane.ts";
import { asPod, type Pod } from "./pod.ts";

type Env = Readonly<Record<string, string>>;

export interface MeshOptions {
  /** Of all pods. */
  readonly env?: Env;
  /** Of one, by its name. */
  readonly envOf?: Readonly<Record<string, Env>>;
  /** Has an address like the others, and is not started. */
  readonly absent?: readonly string[];
}

export interface Mesh extends AsyncDisposable {
  readonly secret: string;
  pod(name: string): Pod;
  /** Those that were started and not given up. */
  readonly pods: readonly Pod[];
  /** Its peer port without a front before it. */
  peersPort(name: string): number;
  /** Starts it, or again: the same pod UID, another process. What ran before is killed. */
  start(name: string, env?: Env): Promise<Pod>;
  kill(name: string): Promise<void>;
  lane(from: string, to: string): Lane;
  /** No byte goes from any of these to any of those, or back. */
  split(these: readonly string[], those: readonly string[]): void;
  heal(): void;
  /** Ends the connections between the two. */
  reset(one: string, other: string): void;
  /** Every pod hears every other one, and is ready. */
  settled(timeoutMs?: number): Promise<void>;
}

const uidOf = (name: string): string => `uid-${name}`;

let bundled: Promise<readonly OutputFile[]> | undefined;
/** Bundled once: several processes start in a fraction of the time that they take from source. */
const writeProgram = async (dir: string): Promise<string> => {
  bundled ??= bundle({ main: "responder/main.ts" });
  for (const { name, content } of await bundled) writeFileSync(join(dir, name), content);
  return join(dir, "main.mjs");
};

/** The pods are called by the letters of `names`. */
export const startMesh = async (names: string, { env = {}, envOf = {}, absent = [] }: MeshOptions = {}): Promise<Mesh> => {
  const all = [...names];
  const dir = mkdtempSync(join(tmpdir(), "kvr-mesh-"));
  const secret = "the secret of the pods of this mesh";
  writeFileSync(join(dir, "secret"), secret);
  const program = await writeProgram(dir);
  const lanes = new Map<string, Lane>();
  const lane = (from: string, to: string): Lane => {
    const key = `${from}>${to}`;
    const known = lanes.get(key) ?? createLane();
    lanes.set(key, known);
    return known;
  };
  const nameOf = (uid: string): string => uid.replace(/^uid-/, "");
  const at = new Map(await Promise.all(all.map(async (name) => [name, await reservePort()] as const)));
  const fronts = new Map(
    await Promise.all([...at].map(async ([name, { port }]) => [name, await openFront({ port, lanes: (uid) => ({ there: lane(nameOf(uid), name), back: lane(name, nameOf(uid)) }) })] as const)),
  );
  const peers = [...at.values()].map(({ port }) => `${frontHost}:${port}`).join(",");
  const running = new Map<string, Pod>();

  const kill = async (name: string): Promise<void> => {
    await running.get(name)?.[Symbol.asyncDispose]();
    running.delete(name);
  };
  const mesh: Mesh = {
    secret,
    lane,
    kill,
    pod: (name) => {
      const pod = running.get(name);
      if (!pod) throw new Error(`${name} does not run`);
      return pod;
    },
    get pods() {
      return [...running.values()];
    },
    peersPort: (name) => at.get(name)?.port ?? 0,
    start: async (name, more = {}) => {
      await kill(name);
      const own = {
        KVR_REPLICATION: "Peers",
        KVR_PEERS: peers,
        KVR_PEERS_PORT: String(at.get(name)?.port),
        KVR_POD_IP: frontHost,
        KVR_POD_UID: uidOf(name),
        KVR_POD: name,
        KVR_PEER_SECRET_FILE: join(dir, "secret"),
        KVR_RESP_PORT: "0",
      };
      const pod = asPod(name, await startResponder({ ...own, ...env, ...envOf[name], ...more }, { program }));
      running.set(name, pod);
      return pod;
    },
    split: (these, those) => {
      for (const one of these) for (const other of those) for (const each of [lane(one, other), lane(other, one)]) each.cut();
    },
    heal: () => {
      for (const each of lanes.values()) each.heal();
    },
    reset: (one, other) => {
      fronts.get(one)?.reset(uidOf(other));
      fronts.get(other)?.reset(uidOf(one));
    },
    settled: async (timeoutMs = 30_000) => {
      const isSettled = async (pod: Pod) => (await pod.replication()).connected === running.size - 1 && (await pod.readiness()).status === 200;
      await waitFor("every pod to be ready and to hear the others", async () => (await Promise.all(mesh.pods.map(isSettled))).every(Boolean), { timeoutMs });
    },
    [Symbol.asyncDispose]: async () => {
      for (const front of fronts.values()) front.close();
      await Promise.all([...running.keys()].map(kill));
      for (const { release } of at.values()) release();
      rmSync(dir, { recursive: true });
    },
  };
  try {
    const started = await Promise.allSettled(all.filter((name) => !absent.includes(name)).map((name) => mesh.start(name)));
    for (const one of started) if (one.status === "rejected") throw one.reason;
    if (running.size > 0) await mesh.settled();
  } catch (err) {
    await mesh[Symbol.asyncDispose]();
    throw err;
  }
  return mesh;
};
