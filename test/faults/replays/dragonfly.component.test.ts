// dragonfly #2191: a replica that is frozen freezes the master, whose output buffer it does not read; redis and valkey drop it when that buffer is full, and it is copied from
// the beginning when it is back. Here what a peer has not got is a bit a key: writers go on, memory does not grow with what they write, and the peer gets what has changed.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encode, open } from "../../redis/connection.ts";
import { startMesh } from "../../responder/replication/mesh.ts";
import { agreement, type Pod } from "../../responder/replication/pod.ts";

const mebibyte = 2 ** 20;
const untouched = 10_000;
const rewritten = 400;
const rounds = 40;
const bytes = 10_000;

const residentBytes = ({ pid }: Pod): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
const received = async (pod: Pod) => (await Promise.all(["applied", "stale"].map((result) => pod.series(`kv_replication_operations_total{direction="in",result="${result}"}`)))).reduce((sum, n) => sum + n, 0);
/** One after the other without waiting in between: as fast as the pod can take it. */
const writeAll = async (pod: Pod, name: string, count: number, value: string): Promise<void> => {
  using connection = await open({ host: "127.0.0.1", port: pod.ports.resp });
  connection.write(Buffer.concat(Array.from({ length: count }, (_, i) => encode(["SET", `${name}-${i}`, value]))));
  for (const { text } of await connection.replies(count)) expect(text).toBe("OK");
};

test("dragonfly #2191: a frozen peer blocks no writer and costs no memory, and is not copied from the beginning when it goes on", async () => {
  await using mesh = await startMesh("abc");
  const [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
  await writeAll(a, "untouched", untouched, "x");
  await writeAll(a, "rewritten", rewritten, "y".repeat(bytes));
  for (const pod of [b, c]) await expect.poll(() => pod.series("kv_entries"), { timeout: 10_000 }).toBe(untouched + rewritten);
  await expect.poll(() => a.series("kv_replication_queue_items"), { timeout: 10_000 }).toBe(0);
  const before = { received: await received(c), resident: residentBytes(a) };

  c.signal("SIGSTOP");
  let slowest = 0;
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await writeAll(a, "rewritten", rewritten, `${round} `.padEnd(bytes, "z"));
    slowest = Math.max(slowest, performance.now() - started);
  }
  // 160 MB were written. The bound is V8's young generation and the sockets' buffers
  expect(residentBytes(a) - before.resident).toBeLessThan(64 * mebibyte);
  // 4 MB took so long at most
  expect(slowest).toBeLessThan(5_000);
  // of each peer and key: one record on its way, and a bit
  expect(await a.series("kv_replication_queue_items")).toBeLessThanOrEqual(2 * 2 * rewritten);
  // who is not frozen has it all
  await expect.poll(() => b.get(`rewritten-${rewritten - 1}`), { timeout: 15_000 }).toMatch(new RegExp(`^${rounds - 1} `));
  await expect.poll(async () => (await a.replication()).connected, { timeout: 10_000 }).toBe(1);

  c.signal("SIGCONT");
  await agreement(mesh.pods);
  // what was on its way when it froze and what has changed since, of either peer when they compare; far from all that there is
  const came = (await received(c)) - before.received;
  expect(came).toBeGreaterThanOrEqual(rewritten);
  expect(came).toBeLessThan(untouched / 2);
});
