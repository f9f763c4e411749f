// Faults between real pods and in them, while clients at every pod write and delete the same keys. After each fault the pods hold the same, and the record of all operations is judged.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitForCondition } from "../support/kvresponders.ts";
import { crash, deafen, dropped, freeze, heal, heldUp, lose, part, slowDown, thaw } from "./replication/faults.ts";
import { startFleet, type Fleet } from "./replication/fleet.ts";
import type { Inventory } from "./replication/history.ts";
import { innocent, judge, unequal } from "./replication/judge.ts";
import type { Pod } from "./replication/pods.ts";
import { startReplicated, type Replicated } from "./replication/set-up.ts";

/** All faults so often; `make soak` asks for more. */
const rounds = Number(process.env["KVR_FAULT_ROUNDS"] ?? 1);
/** Answers to each client while a fault lasts. */
const answers = Number(process.env["KVR_FAULT_ANSWERS"] ?? 25);

let replicated: Replicated;
let fleet: Fleet;
const timeoutMs = 240_000;

beforeAll(async () => {
  replicated = await startReplicated("faults", { replicas: 3, cache: { maxMemory: "32Mi" } });
  await replicated.pods.ready(3);
  fleet = startFleet(replicated.pods);
}, 600_000);

afterAll(async () => {
  await fleet?.stop();
  await replicated?.[Symbol.asyncDispose]();
});

const scale = (replicas: number) => replicated.cluster.kubectl("scale", "kvr", replicated.of[1], "-n", replicated.of[0], `--replicas=${replicas}`);

/** Each of these pods hears at most so many of its peers. */
const connected = (pods: readonly Pod[], atMost: number) =>
  replicated.cluster.waitFor(`${pods.length} pods hear ${atMost} peers at most`, async () => (await Promise.all(pods.map((pod) => pod.replication()))).every((info) => info.connected <= atMost), { timeoutMs: 60_000 });

/** Same keys, versions and values at every pod, within a bound that is no promise. */
const settled = async (pods: readonly Pod[]): Promise<ReadonlyMap<string, Inventory>> => {
  const all = async () => new Map(await Promise.all(pods.map(async (pod) => [pod.name, await pod.inventory()] as const)));
  await replicated.cluster.waitFor("all pods hold the same", async () => {
    const differences = unequal(await all());
    if (differences.length > 0) throw new Error(`${differences.length} differences, such as ${differences[0]}`);
    return true;
  }, { timeoutMs: 90_000, intervalMs: 500 }).catch((error: unknown) => console.log(String(error)));
  return all();
};

/** A fault, from a state in which all is well to the verdict. */
const story = async (count: number, fault: (pods: readonly Pod[]) => Promise<void>): Promise<void> => {
  const { pods } = replicated;
  const before = await pods.ready(count);
  fleet.resume();
  await fleet.answered(before, 10);
  try {
    await fault(before);
  } finally {
    await heal(await pods.list());
  }
  const after = await pods.ready((await pods.list()).length);
  await fleet.answered(after, 10);
  await fleet.pause();
  const inventories = await settled(after);
  expect(judge(fleet.operations, inventories)).toEqual(innocent);
  const known = fleet.operations.filter(({ status }) => status !== 0);
  console.log(`${fleet.operations.length} operations so far, ${fleet.operations.length - known.length} without an answer, ${known.filter(({ status }) => status === 504).length} not acknowledged in time; ${inventories.size} pods hold ${[...inventories.values()][0]?.size} of 64 keys`);
};

describe.each(Array.from({ length: rounds }, (_, i) => i + 1))("round %i", () => {
  test("a pod that is cut off, in both directions", () => story(3, async ([a, ...others]) => {
    await part([a!], others);
    await connected([a!], 0);
    await fleet.answered([a!, ...others], answers);
  }), timeoutMs);

  test("a pod that does not hear another one, which hears it", () => story(3, async ([a, b, c]) => {
    await deafen([a!], [b!]);
    await connected([a!], 1);
    await fleet.answered([a!, b!, c!], answers);
  }), timeoutMs);

  test("a third of all packets between pods lost", () => story(3, async (pods) => {
    await lose(pods, 0.33);
    await fleet.answered(pods, answers);
    expect(await dropped(pods)).toBeGreaterThan(0);
  }), timeoutMs);

  test("a pod behind a slow link", () => story(3, async ([a, b, c]) => {
    await slowDown(b!, 128_000);
    await fleet.answered([a!, b!, c!], answers);
    expect(await heldUp(b!)).toBeGreaterThan(answers);
  }), timeoutMs);

  test("a pod frozen and resumed", () => story(3, async ([a, b, c]) => {
    await freeze(c!);
    try {
      await connected([a!, b!], 1);
      await fleet.answered([a!, b!], answers);
    } finally {
      await thaw(c!);
    }
  }), timeoutMs);

  test("a container killed, and another one started in its pod", () => story(3, async ([a, b, c]) => {
    await fleet.crashing(b!, () => crash(b!));
    await fleet.answered([a!, b!, c!], answers);
  }), timeoutMs);

  test("a rolling update", () => story(3, async () => {
    const workload = `deploy/kv-responder-${replicated.of[1]}`;
    await replicated.cluster.kubectl("rollout", "restart", workload, "-n", replicated.of[0]);
    await replicated.cluster.kubectl("rollout", "status", workload, "-n", replicated.of[0], "--timeout=170s", { timeoutMs: 180_000 });
  }), timeoutMs);

  test("two pods more", () => story(3, async () => {
    await scale(5);
    await fleet.answered(await replicated.pods.ready(5), answers);
  }), timeoutMs);

  test("two halves that do not hear each other, two pods and three", () => story(5, async ([a, b, ...others]) => {
    await part([a!, b!], others);
    await connected([a!, b!], 1);
    await connected(others, 2);
    await fleet.answered([a!, b!, ...others], answers);
  }), timeoutMs);

  test("two halves with a bridge: one pod hears all", () => story(5, async ([a, b, bridge, d, e]) => {
    await part([a!, b!], [d!, e!]);
    await connected([a!, b!, d!, e!], 2);
    await fleet.answered([a!, b!, bridge!, d!, e!], answers);
  }), timeoutMs);

  test("a ring: each pod hears its two neighbours", () => story(5, async (pods) => {
    for (const [i, pod] of pods.entries()) await deafen([pod], [pods[(i + 2) % 5]!, pods[(i + 3) % 5]!]);
    await connected(pods, 2);
    await fleet.answered(pods, answers);
  }), timeoutMs);

  test("two pods less", () => story(5, async () => {
    await scale(3);
    await replicated.pods.ready(3);
  }), timeoutMs);
});

test("after all of it every pod is connected to every other", async () => {
  const { status } = await waitForCondition(replicated.cluster, replicated.of, "PeersConnected", { status: "True", reason: "AllConnected" }, 120_000);
  expect(status?.peers).toBe("2/2");
});
