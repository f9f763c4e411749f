// What replication does not promise: a condition, a counter and a transaction hold at the pod that runs them, and are no locks across pods. Each test shows the loss that the documentation names.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startMesh, type Mesh } from "./mesh.ts";
import { agreement, type Pod } from "./pod.ts";

let mesh: Mesh;
let a: Pod;
let b: Pod;

/** Both pods do it while neither hears of the other; then they agree, on what is returned. `b` is the later one. */
const apart = async <T>(at: (pod: Pod) => Promise<T>): Promise<readonly [T, T]> => {
  mesh.split(["a"], ["b"]);
  const first = await at(a);
  await b.putAfter(await a.put("clock", "a"), "clock", "b");
  const second = await at(b);
  mesh.heal();
  return [first, second];
};
const agreed = async (key: string) => (await agreement(mesh.pods)).get(key)?.value;

beforeAll(async () => {
  mesh = await startMesh("ab");
  [a, b] = [mesh.pod("a"), mesh.pod("b")];
});
afterAll(() => mesh?.[Symbol.asyncDispose]());
beforeEach(() => mesh.settled());

test("two INCRs apart are one: the later sum stands", async () => {
  await a.commands("SET counter 10", "WAIT 1 5000");
  expect(await apart((pod) => pod.commands("INCR counter"))).toEqual([["11"], ["11"]]);
  expect(await agreed("counter")).toBe("11");
});

test("two SETNX apart both succeed: the later value stands", async () => {
  expect(await apart((pod) => pod.commands(`SETNX lock held-by-${pod.name}`))).toEqual([["1"], ["1"]]);
  expect(await agreed("lock")).toBe("held-by-b");
});

test("two writes apart on the same If-Match both succeed: the later value stands", async () => {
  const etag = `"${await a.put("compared", "before", { "kv-ack": "all" })}"`;
  const write = async (pod: Pod) => (await pod.entry("PUT", "compared", { body: `by ${pod.name}`, headers: { "if-match": etag } })).status;
  expect(await apart(write)).toEqual([204, 204]);
  expect(await agreed("compared")).toBe("by b");
  // once it is known, the condition fails as it should
  expect(await write(mesh.pod("a"))).toBe(412);
});

test("two transactions apart are merged key by key: of the earlier one a part stands", async () => {
  const own = { a: ["x", "y"], b: ["y", "z"] };
  const run = (pod: Pod) => {
    const [one, other] = own[pod.name as "a" | "b"];
    return pod.commands("MULTI", `SET ${one} by-${pod.name}`, `SET ${other} by-${pod.name}`, "EXEC");
  };
  expect(await apart(run)).toEqual([["OK", "QUEUED", "QUEUED", "OK OK"], ["OK", "QUEUED", "QUEUED", "OK OK"]]);
  const held = await agreement(mesh.pods);
  expect(["x", "y", "z"].map((key) => held.get(key)?.value)).toEqual(["by-a", "by-b", "by-b"]);
});
