// What the demo shows of replication: a write at one pod read at the others, and a pod replaced without a miss. In counts, which are checked.
import { setTimeout as delay } from "node:timers/promises";
import { ackHeader, port } from "#contract/http";
import { waitFor } from "../cluster/index.ts";
import { podsOf, type Stage } from "./stage.ts";

const entries = 200;
const keys = Array.from({ length: entries }, (_, i) => `demo-${i}`);
/** A reader's pause between two reads. */
const thinkMs = 5;

export interface ReplicationScene {
  readonly stage: Stage;
  readonly namespace: string;
  readonly name: string;
  readonly token: string;
  readonly say: (line: string) => void;
}

/** Throws on the first count that is not as promised. */
export const showReplication = async ({ stage, namespace, name, token, say }: ReplicationScene): Promise<void> => {
  const headers = { authorization: `Bearer ${token}` };
  const podsReady = async () => (await podsOf(stage, namespace, name)).ready;
  const open = (pod: string) => stage.forward({ namespace, pod, port: port.http });
  /** How many of the keys are not there. */
  const misses = async (url: string, some: readonly string[]): Promise<number> => {
    let missed = 0;
    for (const key of some) {
      const answer = await fetch(`${url}/v1/kv/${key}`, { headers });
      await answer.arrayBuffer();
      if (answer.status !== 200 && answer.status !== 404) throw new Error(`GET ${key} answered ${answer.status}`);
      if (answer.status === 404) missed++;
    }
    return missed;
  };
  const demandAll = (missed: number, where: string): void => {
    if (missed > 0) throw new Error(`${missed} of ${entries} entries are missing at ${where}`);
  };

  const [first = "", ...others] = await podsReady();
  const writer = await open(first);
  for (const key of keys) {
    const put = await fetch(`${writer.url}/v1/kv/${key}`, { method: "PUT", headers: { ...headers, [ackHeader]: "all" }, body: `written at ${first}` });
    if (!put.ok) throw new Error(`PUT ${key} answered ${put.status}`);
  }
  await writer.close();
  const readers = await Promise.all(others.map(open));
  for (const [i, reader] of readers.entries()) demandAll(await misses(reader.url, keys), others[i] ?? "");
  say(`replication: ${entries} entries written at ${first}, read at ${others.join(" and ")}: 0 misses`);

  const end = new AbortController();
  let [reads, missed] = [0, 0];
  const reading = (async () => {
    while (!end.signal.aborted) {
      for (const reader of readers) missed += await misses(reader.url, [keys[reads++ % entries] ?? ""]);
      await delay(thinkMs);
    }
  })();
  await stage.kubectl(["delete", "pod", first, "-n", namespace, "--wait=false"]);
  const next = await waitFor(`a pod in place of ${first}`, async () => (await podsReady()).find((pod) => pod !== first && !others.includes(pod)), { timeoutMs: 120_000, intervalMs: 250 });
  const newcomer = await open(next);
  demandAll(await misses(newcomer.url, keys), next);
  end.abort();
  await reading;
  demandAll(missed, others.join(" and "));
  say(`replication: ${first} deleted, ${next} in its place with all ${entries}; ${reads} reads at the others meanwhile: 0 misses`);
  await Promise.all([newcomer, ...readers].map((each) => each.close()));
};
