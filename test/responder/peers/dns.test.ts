import { afterEach, describe, expect, test } from "vitest";
import { deadlineMs, eagerMs, maxAddresses } from "../../../responder/peers/dns.ts";
import { emptiesBelieved } from "../../../responder/peers/last-good.ts";
import { podResolvConf, service, startDnsPeers, type DnsPeersUnderTest } from "./dns-harness.ts";
import type { RecordType, Reply } from "./dns-server.ts";

let it: DnsPeersUnderTest;
afterEach(() => it.close());

const pods = (...hosts: string[]): Reply => ({ addresses: hosts });
const three = pods("10.0.0.3", "10.0.0.1", "10.0.0.2");
const sorted = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

/** One that runs and holds three pods; the hurry of the start is over. */
const settled = async (): Promise<void> => {
  it = await startDnsPeers();
  it.becomes({ [service]: three });
  await it.start();
  await it.pass(eagerMs + 6_000);
  expect(it.sets).toEqual([sorted]);
};

describe("names", () => {
  test("the Service is found through the search list, and nothing behind it is asked", async () => {
    it = await startDnsPeers();
    it.becomes({ [service]: three });
    expect(await it.namesAsked(() => it.start())).toEqual([service]);
    expect(it.sets).toEqual([sorted]);
    expect(it.server.questions.map((question) => question.type).toSorted()).toEqual(["A", "AAAA"]);
  });

  test("a name that nobody has is asked for in each domain, and then as it is", async () => {
    it = await startDnsPeers();
    expect(await it.namesAsked(() => it.start())).toEqual([service, "kv-peers-production.svc.cluster.local", "kv-peers-production.cluster.local", "kv-peers-production.corp.example", "kv-peers-production"]);
    expect(it.sets).toEqual([[]]);
  });

  test("a name with enough dots is asked for as it is first", async () => {
    it = await startDnsPeers({ name: service, resolvConf: () => podResolvConf.replace("ndots:5", "ndots:2") });
    it.becomes({ [service]: three });
    expect(await it.namesAsked(() => it.start())).toEqual([service]);
  });

  test("an absolute name is asked for as it is only", async () => {
    it = await startDnsPeers({ name: `${service}.` });
    expect(await it.namesAsked(() => it.start())).toEqual([service]);
  });

  test("once found, the domains behind it stay unasked whatever happens: a wildcard there answers for everybody", async () => {
    const wildcard = { "kv-peers-production.corp.example": pods("192.0.2.1") };
    it = await startDnsPeers();
    it.becomes({ ...wildcard, [service]: three });
    await it.start();
    it.becomes(wildcard);
    expect(await it.namesAsked(() => it.pass(5_000))).toEqual([service]);
    expect(it.sets).toEqual([sorted]);
  });

  test("one found too far down gives way to the right one", async () => {
    it = await startDnsPeers();
    it.becomes({ "kv-peers-production.corp.example": pods("192.0.2.1", "192.0.2.2") });
    await it.start();
    it.becomes({ "kv-peers-production.corp.example": pods("192.0.2.1", "192.0.2.2"), [service]: three });
    await it.pass(1_500);
    expect(it.sets).toEqual([["192.0.2.1", "192.0.2.2"], sorted]);
  });

  test("a domain whose servers fail does not hide the next, but leaves it uncertain that there is nobody", async () => {
    it = await startDnsPeers({ name: "kv-peers-production.tenant-a.svc" });
    const broken = { [`${service.replace(".cluster.local", "")}.tenant-a.svc.cluster.local`]: "SERVFAIL" as const };
    it.becomes({ ...broken, [service]: three });
    await it.start();
    expect(it.sets).toEqual([sorted]);
    await it.close();

    it = await startDnsPeers({ name: "kv-peers-production.tenant-a.svc" });
    it.becomes(broken);
    await it.start();
    expect(it.results).toEqual(["failed"]);
    expect(it.sets).toEqual([]);
  });

  test("resolv.conf is read each time; that it cannot be read is a failure like any other", async () => {
    let conf = (): string => {
      throw new Error("ENOENT");
    };
    it = await startDnsPeers({ resolvConf: () => conf() });
    it.becomes({ [service]: three });
    await it.start();
    expect(it.results).toEqual(["failed"]);
    conf = () => podResolvConf;
    await it.pass(1_500);
    expect(it.sets).toEqual([sorted]);
  });
});

describe("families", () => {
  const families = (v4: Reply, v6: Reply) => (_: string, type: RecordType) => (type === "A" ? v4 : v6);
  const absolute = { name: `${service}.` };

  test("A and AAAA records make one set", async () => {
    it = await startDnsPeers({ ...absolute, reply: families(three, pods("fd00::2", "fd00::1", "fd00::2")) });
    await it.start();
    expect(it.sets).toEqual([[...sorted, "fd00::1", "fd00::2"]]);
  });

  test.each(["SERVFAIL", "REFUSED"] as const)("one that answers %s does not matter beside one that has addresses", async (error) => {
    it = await startDnsPeers({ ...absolute, reply: families(three, error) });
    await it.start();
    expect(it.sets).toEqual([sorted]);
    expect(it.results).toEqual(["ok"]);
    expect(it.problems).toEqual([]);
  });

  test("one that never answers does not matter beside one that has addresses", async () => {
    it = await startDnsPeers({ ...absolute, reply: families("drop", pods("fd00::1")) });
    it.begin();
    await expect.poll(it.unanswered, { timeout: 10_000 }).toBe(1);
    it.time.advance(deadlineMs);
    await it.answered();
    expect(it.sets).toEqual([["fd00::1"]]);
  });

  test("one that fails keeps what it had, one without records loses it after a while", async () => {
    let v6: Reply = pods("fd00::1");
    it = await startDnsPeers({ ...absolute, reply: (name, type) => families(three, v6)(name, type) });
    await it.start();
    v6 = "SERVFAIL";
    await it.pass(60_000);
    expect(it.sets).toEqual([[...sorted, "fd00::1"]]);
    v6 = pods();
    await it.pass(5_000 + emptiesBelieved * 1_000);
    expect(it.sets).toEqual([[...sorted, "fd00::1"], sorted]);
  });

  test("the shorter TTL counts", async () => {
    it = await startDnsPeers({ ...absolute, reply: families({ addresses: sorted, ttl: 9 }, { addresses: ["fd00::1"], ttl: 4 }) });
    await it.start();
    await it.pass(eagerMs + 4_000);
    expect(await it.lookups(20_000)).toBe(5);
  });

  test("without addresses, one that fails leaves it uncertain that there is nobody", async () => {
    it = await startDnsPeers({ ...absolute, reply: families(pods(), "SERVFAIL") });
    await it.start();
    expect(it.results).toEqual(["failed"]);
    expect(it.sets).toEqual([]);
  });

  test("unless the other says that there is no such name", async () => {
    it = await startDnsPeers({ ...absolute, reply: families("NXDOMAIN", "SERVFAIL") });
    await it.start();
    expect(it.results).toEqual(["empty"]);
    expect(it.sets).toEqual([[]]);
  });

  test("a name without any record is an answer", async () => {
    it = await startDnsPeers({ ...absolute, reply: families(pods(), pods()) });
    await it.start();
    expect(it.sets).toEqual([[]]);
  });
});

describe("answers", () => {
  test("records that come late are found within a second and a bit", async () => {
    it = await startDnsPeers();
    await it.start();
    await it.pass(20_000);
    it.becomes({ [service]: three });
    await it.pass(1_250);
    expect(it.sets).toEqual([[], sorted]);
  });

  test("only a change is told", async () => {
    await settled();
    it.becomes({ [service]: pods("10.0.0.2", "10.0.0.3", "10.0.0.1") });
    await it.pass(12_000);
    expect(it.sets).toEqual([sorted]);
    it.becomes({ [service]: pods("10.0.0.1", "10.0.0.2", "10.0.0.4") });
    await it.pass(6_000);
    expect(it.sets).toEqual([sorted, ["10.0.0.1", "10.0.0.2", "10.0.0.4"]]);
  });

  test("addresses carry the port", async () => {
    it = await startDnsPeers({ port: 4242 });
    it.becomes({ [service]: pods("10.0.0.1") });
    const told: unknown[] = [];
    await it.start((addresses) => told.push(...addresses));
    expect(told).toEqual([{ host: "10.0.0.1", port: 4242 }]);
  });

  test("a truncated answer is fetched whole over TCP", async () => {
    it = await startDnsPeers();
    it.becomes({ [service]: { addresses: sorted, truncated: true } });
    await it.start();
    expect(it.sets).toEqual([sorted]);
    expect(it.server.questions.map((question) => question.over)).toContain("tcp");
  });

  test("of too many addresses all pods take the same ones, and say so once", async () => {
    const many = Array.from({ length: maxAddresses + 6 }, (_, i) => `10.0.1.${i}`);
    it = await startDnsPeers();
    it.becomes({ [service]: pods(...many) });
    await it.start();
    it.becomes({ [service]: pods(...many.toReversed()) });
    await it.pass(5_000);
    expect(it.results.length).toBeGreaterThan(3);
    expect(it.sets).toEqual([many.toSorted().slice(0, maxAddresses)]);
    expect(it.problems.map((err) => err.message)).toEqual([`kv-peers-production has more than ${maxAddresses} addresses; the rest is left out`]);
  });

  test("each lookup is observed with its result and its duration", async () => {
    it = await startDnsPeers();
    await it.start();
    it.becomes({ [service]: three });
    await it.pass(1_000);
    it.becomes({ [service]: "SERVFAIL" });
    await it.pass(1_000);
    expect(it.results).toEqual(["empty", "ok", "failed"]);
    expect(it.seconds).toEqual([0, 0, 0]);
  });
});

describe("pace", () => {
  test.each([
    [7, 7_000],
    [0, 1_000],
    [3_600, 10_000],
  ])("a TTL of %i s: every %i ms", async (ttl, everyMs) => {
    it = await startDnsPeers();
    it.becomes({ [service]: { addresses: sorted, ttl } });
    await it.start();
    await it.pass(eagerMs + everyMs);
    expect(await it.lookups(10 * everyMs)).toBe(10);
  });

  test("every second right after the start, whatever the TTL", async () => {
    it = await startDnsPeers();
    it.becomes({ [service]: { addresses: sorted, ttl: 30 } });
    await it.start();
    expect(await it.lookups(20_000)).toBe(20);
  });

  test("every second for as long as there is nobody but, possibly, ourselves", async () => {
    it = await startDnsPeers();
    it.becomes({ [service]: { addresses: ["10.0.0.1"], ttl: 30 } });
    await it.start();
    await it.pass(2 * eagerMs);
    expect(await it.lookups(20_000)).toBe(20);
  });

  test("the jitter is the random number's", async () => {
    it = await startDnsPeers({ random: () => 0 });
    it.becomes({ [service]: { addresses: sorted, ttl: 4 } });
    await it.start();
    await it.pass(eagerMs + 3_000);
    expect(await it.lookups(30_000)).toBe(10);
  });
});

describe("trouble", () => {
  test("a moment of NXDOMAIN changes nothing, however often it comes", async () => {
    await settled();
    for (let flap = 0; flap < 4; flap++) {
      it.becomes({});
      await it.pass((emptiesBelieved - 2) * 1_000);
      it.becomes({ [service]: three });
      await it.pass(1_000);
    }
    expect(it.results).toContain("empty");
    expect(it.sets).toEqual([sorted]);
  });

  test("NXDOMAIN for a while is believed, and what comes back is found within a second", async () => {
    await settled();
    it.becomes({});
    // one TTL until it is noticed
    await it.pass(5_000 + emptiesBelieved * 1_000);
    expect(it.sets).toEqual([sorted, []]);
    it.becomes({ [service]: three });
    await it.pass(1_000);
    expect(it.sets).toEqual([sorted, [], sorted]);
  });

  test("SERVFAIL keeps the set for ever, is told once, and is asked less and less often", async () => {
    await settled();
    it.becomes({ [service]: "SERVFAIL" });
    // at last every 8 s
    expect(await it.lookups(600_000)).toBeLessThan(600 / 8 + 5);
    expect(it.sets).toEqual([sorted]);
    expect(it.problems.map((err) => err.message)).toEqual(["resolve kv-peers-production"]);
    expect(it.problems[0]?.cause).toMatchObject({ code: "ESERVFAIL" });
    expect(it.recovered).toEqual([]);
    it.becomes({ [service]: pods("10.0.0.1") });
    await it.pass(8_000);
    expect(it.recovered).toHaveLength(1);
    expect(it.sets).toEqual([sorted, ["10.0.0.1"]]);
  });

  test("a new problem after an answer is told again", async () => {
    it = await startDnsPeers();
    for (const reply of ["SERVFAIL", three, "REFUSED"] as const) {
      it.becomes({ [service]: reply, "kv-peers-production.svc.cluster.local": "SERVFAIL" });
      await (reply === "SERVFAIL" ? it.start() : it.pass(1_000));
    }
    expect(it.results).toEqual(["failed", "ok", "failed"]);
    expect(it.problems).toHaveLength(2);
  });

  test("failures at the start are no answer", async () => {
    it = await startDnsPeers();
    it.becomes({ [service]: "SERVFAIL" });
    await it.start();
    await it.pass(60_000);
    expect(it.sets).toEqual([]);
  });

  test("a server that never answers is given up by the resolver, and not asked for the other names", async () => {
    it = await startDnsPeers({ timeout: 250 });
    it.becomes({ [service]: "drop" });
    expect(await it.namesAsked(() => it.start())).toEqual([service]);
    expect(it.results).toEqual(["failed"]);
    expect(it.problems[0]?.cause).toMatchObject({ code: "ETIMEOUT" });
  });

  test("a lookup ends at its deadline, however patient the resolver is", async () => {
    it = await startDnsPeers();
    it.becomes({ [service]: "drop" });
    it.begin();
    await expect.poll(() => it.server.questions.length, { timeout: 10_000 }).toBe(2);
    it.time.advance(deadlineMs - 1);
    expect(it.results).toEqual([]);
    it.time.advance(1);
    await it.answered();
    expect(it.results).toEqual(["failed"]);
    expect(it.seconds).toEqual([deadlineMs / 1_000]);
    it.becomes({ [service]: three });
    await it.pass(1_000);
    expect(it.sets).toEqual([sorted]);
  });

  test("a server that is not there is a failure", async () => {
    it = await startDnsPeers();
    await it.server.close();
    await it.start();
    expect(it.results).toEqual(["failed"]);
    expect(it.problems[0]?.cause).toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("stop", () => {
  test("between two lookups: no timer is left", async () => {
    await settled();
    it.stop();
    expect(it.time.pending).toBe(0);
    expect(await it.namesAsked(() => it.pass(60_000))).toEqual([]);
  });

  test("within a lookup: it is cancelled, and nothing is said any more", async () => {
    it = await startDnsPeers();
    it.becomes({ [service]: "drop" });
    it.begin();
    await expect.poll(() => it.server.questions.length, { timeout: 10_000 }).toBe(2);
    it.stop();
    expect(it.time.pending).toBe(0);
    await it.answered();
    expect(it.time.pending).toBe(0);
    expect([it.sets, it.results, it.problems]).toEqual([[], [], []]);
  });

  test("within the call back", async () => {
    it = await startDnsPeers();
    let calls = 0;
    await it.start(() => {
      calls++;
      it.stop();
    });
    await it.pass(60_000);
    expect(calls).toBe(1);
    expect(it.time.pending).toBe(0);
  });
});
