// What real pods say of each other: who came and went, for how long and why, and every line of it fits docs/log-schema.md.
import { expect, test } from "vitest";
import { lineChecker, readLogSchema } from "../support/log-schema.ts";
import { startMesh } from "./replication/mesh.ts";
import type { Pod } from "./replication/pod.ts";

const eventually = { timeout: 20_000 };

test("a newcomer is filled, dies, comes back and leaves, and strangers are refused: the log tells all of it", async () => {
  await using mesh = await startMesh("abcd", { absent: ["c", "d"] });
  const [a, b] = [mesh.pod("a"), mesh.pod("b")];
  const seen: Pod[] = [a, b];
  const start = async (name: string, env?: Readonly<Record<string, string>>) => {
    const pod = await mesh.start(name, env);
    seen.push(pod);
    return pod;
  };
  await a.run(Array.from({ length: 500 }, (_, i) => ({ op: "put", key: `key-${i}`, value: "value" })));

  const c = await start("c");
  await expect.poll(() => c.said("warmed up"), eventually).toMatchObject([{ how: "copied", durationMs: expect.any(Number), entries: 500 }]);
  const donors = () => [a, b].flatMap((pod) => ["began", "ended"].map((what) => pod.said(`snapshot for a peer ${what}`).filter(({ peer }) => String(peer).startsWith("uid-c/")).length));
  await expect.poll(() => c.said("warm-up began").length, eventually).toBe(1);
  const [donor] = c.said("warm-up began").map(({ peer }) => (String(peer).startsWith("uid-a/") ? a : b));
  expect(donor).toBeDefined();
  await expect.poll(donors).toEqual(donor === a ? [1, 1, 0, 0] : [0, 0, 1, 1]);

  const ofC = (pod: Pod) => pod.said("peer changed").filter(({ peer }) => String(peer).startsWith("uid-c/"));
  await expect.poll(() => ofC(a).length, eventually).toBe(1);
  const first = ofC(a)[0]?.["peer"];
  await mesh.kill("c");
  await expect.poll(() => ofC(a).at(-1), eventually).toMatchObject({ peer: first, from: "joined", to: "suspected", reason: "silent", durationMs: expect.any(Number) });
  const again = await start("c");
  await expect.poll(() => ofC(a).findLast(({ peer }) => peer === first), eventually).toMatchObject({ to: "left", reason: "replaced", durationMs: expect.any(Number) });
  await expect.poll(() => again.said("warmed up").length, eventually).toBe(1);
  again.signal("SIGTERM");
  expect(await again.ended).toBe(0);
  await expect.poll(() => ofC(a).at(-1), eventually).toMatchObject({ to: "left", reason: "leave" });
  expect(again.said("stopped")).toMatchObject([{ durationMs: expect.any(Number) }]);

  await start("d", { KVR_TENANT: "rival" });
  await expect.poll(() => a.said("peer connection refused"), eventually).toMatchObject([{ level: "warn", reason: "tenant" }]);
  // it is refused several times a second, and told of a few times
  const refused = () => a.said("link is down").filter(({ reason }) => reason === "refused: tenant");
  await expect.poll(() => a.series('kv_replication_refusals_total{reason="tenant"}'), eventually).toBeGreaterThan(10);
  await expect.poll(() => refused().length).toBe(5);
  expect(a.said("link is down").find(({ peer }) => peer === first)).toMatchObject({ reason: expect.any(String), durationMs: expect.any(Number) });
  expect(a.said("peers found")).toMatchObject([{ addresses: 4 }]);

  const check = lineChecker(readLogSchema(), "responder");
  expect(seen.flatMap((pod) => pod.lines.map(check)).filter((problem) => problem !== undefined)).toEqual([]);
});
