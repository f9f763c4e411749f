// What goes wrong at the first cache while it is looked at: a pod that dies, a network that parts, a rush of clients, reads that cannot be answered.
import { setTimeout as delay } from "node:timers/promises";
import type { Clients } from "./clients.ts";
import { podName, type RunningCache } from "./fleet.ts";

const minutes = (n: number): Promise<void> => delay(n * 60_000);

/** Reads that ask for a version which their key never reaches: a second later they are a 504, which is the cache's fault. */
const unanswerable = async ({ mesh }: RunningCache, times: number): Promise<void> => {
  const version = await mesh.pod("a").put("clock", "now");
  await Promise.all(Array.from({ length: times }, () => mesh.pod("b").entry("GET", "never-written", { headers: { "kv-min-version": version } }).then((got) => got.arrayBuffer())));
};

/** Takes about seven minutes. */
export const tellStory = async (running: RunningCache, clients: Clients): Promise<void> => {
  const { mesh } = running;
  await minutes(1.5);
  await unanswerable(running, 10);
  await mesh.kill("c");
  await minutes(0.75);
  await mesh.start("c", { KVR_METRICS_PORT: String(new URL(`http://${running.targets[2]?.address}`).port), KVR_POD: podName(running.cache, "c") });
  await minutes(1);
  mesh.split(["a"], ["b", "c"]);
  await minutes(0.75);
  mesh.heal();
  await minutes(0.75);
  clients.surge(4);
  await minutes(1);
  clients.surge(1);
  await unanswerable(running, 20);
  await minutes(1);
};
