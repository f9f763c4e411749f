// Clients of a cache as most are: they ask for few keys often and for many seldom, fill what they miss, and now and then do something odd.
import { caller } from "../../responder/traced.ts";
import type { Pod } from "../../responder/replication/pod.ts";
import type { RunningCache } from "./fleet.ts";

export interface Clients {
  /** Times as many as usual. */
  surge(factor: number): void;
  stop(): Promise<void>;
}

/** Small ones often: the cube of an even chance. */
const someKey = (keys: number): string => `item-${Math.floor(keys * Math.random() ** 3)}`;
const value = (): string => "x".repeat(200 + Math.floor(Math.random() * 3_000));

const done = async (answer: Promise<Response>): Promise<number> => {
  const got = await answer;
  await got.arrayBuffer();
  return got.status;
};

const round = async (pod: Pod, keys: number, n: number): Promise<void> => {
  for (let i = 0; i < 4; i += 1) {
    const key = someKey(keys);
    const headers = n % 40 === 0 && i === 0 ? caller(true).headers : {};
    if ((await done(pod.entry("GET", key, { headers }))) === 404) await done(pod.entry("PUT", key, { body: value(), headers: { "kv-ttl": n % 3 === 0 ? "20" : "600" } }));
  }
  if (n % 3 === 0) await pod.run(Array.from({ length: 10 }, () => ({ op: "get" as const, key: someKey(keys) })));
  if (n % 4 === 0) await pod.commands(`GET ${someKey(keys)}`, `SET session-${n % 200} x EX 30`, "INCR visits", `GET session-${n % 200}`);
  if (n % 10 === 0) await done(pod.entry("DELETE", someKey(keys)));
  if (n % 25 === 0) await done(fetch(`${pod.api}/v1/kv?limit=50`));
  if (n % 40 === 0) await done(pod.entry("PUT", "contended", { body: String(n) }));
  if (n % 60 === 0) await done(pod.entry("PUT", "too-large", { body: "x".repeat(30_000) }));
  if (n % 90 === 0) await pod.commands("NOSUCHCOMMAND");
};

export const startClients = ({ cache, mesh }: RunningCache): Clients => {
  const end = new AbortController();
  let factor = 1;
  const forever = async (letter: string): Promise<void> => {
    for (let n = 0; !end.signal.aborted; n += 1) {
      const pod = mesh.pods.find(({ name }) => name === letter);
      // a pod that is gone or goes fails its clients, who come again
      if (pod) await round(pod, cache.keys, n).catch(() => undefined);
      // more by day than by night, and a day takes four minutes
      const day = 1 + 0.6 * Math.sin((Date.now() / 240_000) * 2 * Math.PI);
      await new Promise((later) => setTimeout(later, 1_000 / (cache.pace * factor * day)));
    }
  };
  const running = [...cache.pods].map(forever);
  return {
    surge: (by) => void (factor = by),
    stop: async () => {
      end.abort();
      await Promise.allSettled(running);
    },
  };
};
