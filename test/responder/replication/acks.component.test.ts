// Writes that ask how many pods have them, and reads that ask for a version: the answers are true whatever becomes of a peer.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startMesh, type Mesh } from "./mesh.ts";
import type { Pod } from "./pod.ts";

let mesh: Mesh;
let a: Pod;
let b: Pod;
let c: Pod;

beforeAll(async () => {
  mesh = await startMesh("abc");
  [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
});
afterAll(() => mesh?.[Symbol.asyncDispose]());
beforeEach(async () => {
  mesh.heal();
  await mesh.settled();
});

const put = async (key: string, level: string) => {
  const answer = await a.entry("PUT", key, { body: "1", headers: { "kv-ack": level } });
  const problem = answer.status === 504 ? ((await answer.json()) as { code: string; detail: string }) : undefined;
  return { status: answer.status, acked: answer.headers.get("kv-acked"), code: problem?.code, detail: problem?.detail };
};

describe("KV-Ack", () => {
  test("all: when it is answered, every pod has the write", async () => {
    expect(await put("all", "all")).toMatchObject({ status: 201, acked: "2/2" });
    expect(await Promise.all([b, c].map((pod) => pod.get("all")))).toEqual(["1", "1"]);
    expect((await a.entry("DELETE", "all", { headers: { "kv-ack": "all" } })).headers.get("kv-acked")).toBe("2/2");
    expect(await Promise.all([b, c].map((pod) => pod.get("all")))).toEqual([undefined, undefined]);
  });

  test("one: when it is answered, another pod has the write", async () => {
    const { status, acked } = await put("one", "one");
    expect([status, ["1/2", "2/2"]]).toEqual([201, expect.arrayContaining([acked])]);
    expect(await Promise.all([b, c].map((pod) => pod.get("one")))).toContain("1");
  });

  test("with a frozen pod: local and one as ever, all ends as 504 that says who has it, and nothing is undone", async () => {
    c.signal("SIGSTOP");
    try {
      expect(await put("frozen-local", "local")).toEqual({ status: 201, acked: null });
      expect(await put("frozen-one", "one")).toMatchObject({ status: 201, acked: "1/2" });
      expect(await put("frozen-all", "all")).toEqual({ status: 504, acked: "1/2", code: "not_acknowledged", detail: "written here, acknowledged by 1 of 2 peers" });
      const batch = await fetch(`${a.api}/v1/batch`, {
        method: "POST",
        headers: { "content-type": "application/json", "kv-ack": "all" },
        body: JSON.stringify({ operations: [{ op: "put", key: "frozen-batch", value: "1" }] }),
      });
      expect([batch.status, batch.headers.get("kv-acked"), await batch.json()]).toEqual([504, "1/2", expect.objectContaining({ code: "not_acknowledged" })]);
      expect(await Promise.all([a, b].map((pod) => pod.get("frozen-all")))).toEqual(["1", "1"]);
      // nobody takes a silent pod for one that has the write: it counts until it has left
      await expect.poll(async () => (await a.replication()).connected, { timeout: 10_000 }).toBe(1);
      expect(await put("silent-all", "all")).toMatchObject({ status: 504, acked: "1/2" });
    } finally {
      c.signal("SIGCONT");
    }
    await expect.poll(() => c.get("silent-all"), { timeout: 10_000 }).toBe("1");
    expect(await c.get("frozen-local")).toBe("1");
    expect(await put("thawed", "all")).toMatchObject({ status: 201, acked: "2/2" });
  });

  test("cut off from everybody: written here, and known to nobody", async () => {
    mesh.split(["a"], ["b", "c"]);
    expect(await put("alone-one", "one")).toEqual({ status: 504, acked: "0/2", code: "not_acknowledged", detail: "written here, acknowledged by 0 of 2 peers" });
    expect(await put("alone-local", "local")).toEqual({ status: 201, acked: null });
    expect(await a.get("alone-one")).toBe("1");
    mesh.heal();
    await expect.poll(() => b.get("alone-one"), { timeout: 15_000 }).toBe("1");
  });

  test("acknowledgements that do not come back are not counted, though the write has arrived", async () => {
    for (const peer of ["b", "c"]) mesh.lane(peer, "a").cut();
    expect(await put("one-way", "one")).toMatchObject({ status: 504, acked: "0/2" });
    expect(await b.get("one-way")).toBe("1");
  });
});

describe("KV-Min-Version", () => {
  const read = async (key: string, version: string) => {
    const answer = await b.entry("GET", key, { headers: { "kv-min-version": version } });
    return { status: answer.status, body: await answer.text() };
  };

  test("a read at another pod waits until the version is there", async () => {
    await a.put("follow", "old", { "kv-ack": "all" });
    mesh.lane("a", "b").delay = () => 200;
    mesh.lane("c", "b").cut();
    const version = await a.put("follow", "new");
    expect(await b.get("follow")).toBe("old");
    expect(await read("follow", version)).toEqual({ status: 200, body: "new" });
    mesh.lane("a", "b").delay = () => 0;
  });

  test("is fetched from a pod that has it, when the one that wrote it cannot be heard", async () => {
    mesh.split(["a"], ["b"]);
    const version = await a.put("by way of c", "new");
    await expect.poll(() => c.get("by way of c"), { timeout: 15_000 }).toBe("new");
    expect(await read("by way of c", version)).toEqual({ status: 200, body: "new" });
  });

  test("ends as 504 when nobody who can be heard has it", async () => {
    mesh.split(["b"], ["a", "c"]);
    const version = await a.put("unheard", "new");
    const { status, body } = await read("unheard", version);
    expect([status, JSON.parse(body)]).toEqual([504, expect.objectContaining({ code: "version_not_reached" })]);
  });
});
