// Clients at every pod, as pods come and go: they read, write and delete the same few keys, and all of it is recorded.
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../../cluster/index.ts";
import type { Ack, Kind, Life, Operation } from "./history.ts";
import type { Answer, Pod, Pods } from "./pods.ts";

const clientsPerPod = 4;
const keys = Array.from({ length: 64 }, (_, i) => `key-${i}`);
/** Between two operations of a client. Without it the clients have the machine to themselves, and faults last too few turns of anything else. */
const thinkMs = 5;
/** Between two looks for pods that came or went. */
const lookMs = 200;

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;
const kinds: readonly Kind[] = ["get", "get", "get", "put", "put", "put", "delete"];
/** Few wait for peers: during a fault each of those takes its whole time. */
const acks: readonly Ack[] = ["local", "local", "local", "local", "local", "local", "local", "local", "one", "all"];

export interface Fleet {
  readonly operations: readonly Operation[];
  /** Resolves when every client at these pods was answered so many times from now on. */
  answered(pods: readonly Pod[], times: number): Promise<void>;
  /** Lets operations end and begins no other one. */
  pause(): Promise<void>;
  resume(): void;
  /** Around a crash: what was under way with this container, and the next one. */
  crashing(pod: Pod, crash: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export const startFleet = (pods: Pods): Fleet => {
  const operations: Operation[] = [];
  const lives = new Map<string, Life>();
  const answers = new Map<string, number>();
  /** Containers that are gone and not yet followed by another one. */
  const gone = new Set<Life>();
  const loops: Promise<void>[] = [];
  const end = new AbortController();
  const { signal } = end;
  let isPaused = false;
  let underWay = 0;

  const once = async (life: Life, value: string, ask: (kind: Kind, key: string, ack: Ack | undefined, value: string) => Promise<Answer>): Promise<boolean> => {
    const [kind, key] = [pick(kinds), pick(keys)];
    const ack = kind === "get" ? undefined : pick(acks);
    const startedAt = performance.now();
    // no answer: whether it was done nobody knows
    const answer = await ask(kind, key, ack, value).catch((): Answer => ({ status: 0, ...(kind === "put" && { value }) }));
    operations.push({ life, kind, key, ...(ack && { ack }), startedAt, endedAt: performance.now(), ...answer });
    return answer.status !== 0;
  };

  const client = async (pod: Pod, id: string): Promise<void> => {
    const connection = pod.connect();
    let n = 0;
    answers.set(id, 0);
    while (!signal.aborted) {
      const life = lives.get(pod.uid);
      if (!life || life.end === "drained") break;
      if (!isPaused && !gone.has(life)) {
        underWay++;
        const isAnswered = await once(life, `${id}/${n++}`, (kind, key, ack, value) => connection.ask(kind, key, { value, ...(ack && { ack }) }));
        underWay--;
        if (isAnswered) answers.set(id, (answers.get(id) ?? 0) + 1);
      }
      await delay(thinkMs);
    }
    answers.delete(id);
    await connection.close().catch(() => undefined);
  };

  const look = async (): Promise<void> => {
    const present = await pods.list();
    const uids = new Set(present.map(({ uid }) => uid));
    for (const [uid, life] of lives) if (!uids.has(uid)) life.end ??= "drained";
    for (const pod of present) {
      if (lives.has(pod.uid)) continue;
      // before it listens there is nothing to be recorded
      if (!(await fetch(`${pod.url}/metrics`).then(({ ok }) => ok, () => false))) continue;
      lives.set(pod.uid, { pod: pod.name, start: 0 });
      for (let i = 0; i < clientsPerPod; i++) loops.push(client(pod, `${pod.name}/${i}`));
    }
  };
  const watching = (async () => {
    while (!signal.aborted) {
      await look();
      await delay(lookMs);
    }
  })();

  return {
    operations,
    answered: async (at, times) => {
      const ids = at.flatMap(({ name }) => Array.from({ length: clientsPerPod }, (_, i) => `${name}/${i}`));
      const before = new Map(ids.map((id) => [id, answers.get(id) ?? 0]));
      await waitFor(
        `${times} more answers to each client`,
        () => {
          const lacking = ids.filter((id) => (answers.get(id) ?? 0) - (before.get(id) ?? 0) < times);
          if (lacking.length > 0) throw new Error(`not yet to ${lacking.join(", ")}`);
          return true;
        },
        { timeoutMs: 120_000 },
      );
    },
    pause: async () => {
      isPaused = true;
      await waitFor("no operation is under way", () => underWay === 0, { timeoutMs: 90_000 });
    },
    resume: () => void (isPaused = false),
    crashing: async (pod, crash) => {
      const life = lives.get(pod.uid);
      if (!life) throw new Error(`no clients at ${pod.name}`);
      // from now on nobody relies on it; its clients go on until it is gone
      life.end = "killed";
      await crash();
      gone.add(life);
      await waitFor(`${pod.name} listens again`, async () => (await fetch(`${pod.url}/metrics`)).ok, { timeoutMs: 90_000 });
      lives.set(pod.uid, { pod: pod.name, start: life.start + 1 });
    },
    stop: async () => {
      end.abort();
      await watching;
      await Promise.all(loops);
    },
  };
};
