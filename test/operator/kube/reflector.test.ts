import { describe, expect, test } from "vitest";
import { createReflector } from "../../../operator/kube/reflector.ts";
import type { Page, WatchEvent } from "../../../operator/kube/types.ts";
import { manualTime, settle, silentLog } from "../../support/manual-time.ts";
import { failure, object, page, scriptedClient } from "./scripted-client.ts";

const kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" };
const bookmark = (resourceVersion: string): WatchEvent => ({ type: "BOOKMARK", resourceVersion });

/** Without luck: `random` is 0, so a delay is half of its nominal length. */
const make = (...lists: (Page | Error)[]) => {
  const time = manualTime();
  const client = scriptedClient(...lists);
  const errors: string[] = [];
  const warnings: string[] = [];
  const log = { ...silentLog, error: (_: object, m: string) => void errors.push(m), warn: (_: object, m: string) => void warnings.push(m) };
  let restarts = 0;
  const reflector = createReflector({ client, kind, labelSelector: "a=b", clock: time, timers: time, log, random: () => 0, hooks: { watchRestarted: () => restarts++ } });
  const told: string[] = [];
  reflector.onEvent((e) => told.push(`${e.type} ${e.object.metadata.name}@${e.object.metadata.resourceVersion}`));
  return { time, client, reflector, told, errors, warnings, restarts: () => restarts };
};

const started = async (...lists: (Page | Error)[]) => {
  const parts = make(...lists);
  parts.reflector.start();
  await settle();
  return parts;
};

describe("list and watch", () => {
  test("watches from the list's version with bookmarks and a random, bounded length", async () => {
    const { client, reflector, told } = await started(page("10", object("a", "5")));
    expect(client.listed[0]).toMatchObject({ limit: 500, labelSelector: "a=b" });
    // the most recent state, not what some server has cached
    expect(client.listed[0]?.resourceVersion).toBeUndefined();
    expect(client.watching().options).toMatchObject({ resourceVersion: "10", labelSelector: "a=b", timeoutSeconds: 300 });
    client.watching().push({ type: "MODIFIED", object: object("a", "11") }, { type: "ADDED", object: object("b", "12") }, { type: "DELETED", object: object("a", "13") });
    await settle();
    expect(told).toEqual(["added a@5", "modified a@11", "added b@12", "deleted a@13"]);
    expect(reflector.store.list().map((o) => o.metadata.name)).toEqual(["b"]);
  });

  test("all pages of a list count", async () => {
    const { client, told } = await started({ ...page("10", object("a", "1")), continue: "t1" }, { ...page("10", object("b", "2")), continue: "t2" }, page("10", object("c", "3")));
    expect(client.listed.map((o) => o.continue)).toEqual([undefined, "t1", "t2"]);
    expect(told).toEqual(["added a@1", "added b@2", "added c@3"]);
  });

  test("a page that has expired is answered by a list in one piece", async () => {
    const { client, told, reflector } = await started({ ...page("10", object("a", "1")), continue: "t1" }, failure("gone"), page("20", object("a", "11"), object("b", "12")));
    expect(client.listed.map((o) => [o.limit, o.continue])).toEqual([
      [500, undefined],
      [500, "t1"],
      [undefined, undefined],
    ]);
    expect(told).toEqual(["added a@11", "added b@12"]);
    expect(reflector.state).toBe("synced");
    expect(client.watching().options.resourceVersion).toBe("20");
  });

  test("is synced when the first list is in, and not before", async () => {
    const { reflector, time, client } = make(failure("unavailable"), page("10"));
    let synced = false;
    void reflector.whenSynced().then(() => (synced = true));
    reflector.start();
    await settle();
    expect([reflector.state, synced]).toEqual(["syncing", false]);
    await time.advanceAsync(500);
    expect([reflector.state, synced]).toEqual(["synced", true]);
    await reflector.whenSynced();
    expect(client.watches).toHaveLength(1);
  });
});

describe("breaks", () => {
  test("a watch that ends in an orderly way goes on at once from the last bookmark, without a list", async () => {
    const { client, time, restarts } = await started(page("10"));
    client.watching().push({ type: "ADDED", object: object("a", "11") }, bookmark("40"));
    await time.advanceAsync(90_000);
    client.watching().end();
    await settle();
    expect(client.watches).toHaveLength(2);
    expect(client.watching().options.resourceVersion).toBe("40");
    expect(client.listed).toHaveLength(1);
    expect(restarts()).toBe(1);
  });

  test("a cut watch goes on from the last event after a short delay", async () => {
    const { client, time } = await started(page("10"));
    client.watching().push({ type: "ADDED", object: object("a", "11") });
    client.watching().fail(failure("network"));
    await time.advanceAsync(499);
    expect(client.watches).toHaveLength(1);
    await time.advanceAsync(1);
    expect(client.watching().options.resourceVersion).toBe("11");
    expect(client.listed).toHaveLength(1);
  });

  test("a server that closes every watch at once is not hammered", async () => {
    const { client, time } = await started(page("10"));
    for (let minute = 0; minute < 600; minute++) {
      client.watching().end();
      await time.advanceAsync(100);
    }
    // 0.5, 1, 2, 4, 8, 15, 15, 15 ... s
    expect(client.attempts).toBeLessThan(12);
    expect(client.attempts).toBeGreaterThan(5);
  });

  test("neither is one that sends an event each time before it closes", async () => {
    const { client, time } = await started(page("10"));
    for (let i = 0; i < 100; i++) {
      client.watching().push(bookmark(String(20 + i)));
      client.watching().end();
      await time.advanceAsync(100);
    }
    expect(client.attempts).toBeLessThan(25);
  });

  test("failures back off to 15 s of 30, and to 5 s of 10 while nobody answers; progress starts afresh", async () => {
    const gaps = async (error: Error): Promise<number[]> => {
      const { client, time } = await started(page("10"));
      client.refusals = Array.from({ length: 8 }, () => error);
      client.watching().fail(error);
      const at: number[] = [];
      for (let seen = 1; at.length < 9; ) {
        await time.advanceAsync(100);
        if (client.attempts > seen) at.push(time.monotonic());
        seen = client.attempts;
      }
      client.watching().push(bookmark("11"));
      await settle();
      client.watching().fail(error);
      await time.advanceAsync(500);
      expect(client.watches).toHaveLength(3);
      return at.map((t, i) => (t - (at[i - 1] ?? 0)) / 1000);
    };
    expect(await gaps(failure("unavailable"))).toEqual([0.5, 1, 2, 4, 8, 15, 15, 15, 15]);
    expect(await gaps(failure("network"))).toEqual([0.5, 1, 2, 4, 5, 5, 5, 5, 5]);
  });

  test("an API server that is back after an absence is asked soon, however long it was away", async () => {
    const { client, time } = await started(page("10"));
    client.refusals = [...Array.from({ length: 9 }, () => failure("network")), failure("unavailable")];
    client.watching().fail(failure("network"));
    while (client.refusals.length > 0) await time.advanceAsync(100);
    await time.advanceAsync(500);
    expect(client.watches).toHaveLength(2);
  });

  test("a Retry-After is waited for, within bounds", async () => {
    const { client, time } = await started(page("10"));
    client.refusals = [failure("throttled", 20_000), failure("throttled", 3_600_000)];
    client.watching().fail(failure("network"));
    await time.advanceAsync(500 + 19_999);
    expect(client.attempts).toBe(2);
    await time.advanceAsync(1);
    expect(client.attempts).toBe(3);
    await time.advanceAsync(120_000);
    expect(client.attempts).toBe(4);
  });

  test.each(["in the stream", "at the opening"])("a version that has expired %s leads to a list at once, which tells what was missed", async (where) => {
    const { client, told, time } = await started(page("10", object("a", "1"), object("b", "2", "old")), page("100", object("b", "90", "new"), object("c", "95")));
    if (where === "in the stream") client.watching().fail(failure("gone"));
    else {
      client.refusals = [failure("gone")];
      client.watching().fail(failure("network"));
      await time.advanceAsync(500);
    }
    await settle();
    expect(told.slice(2)).toEqual(["deleted a@1", "deleted b@2", "added b@90", "added c@95"]);
    expect(client.watching().options.resourceVersion).toBe("100");
  });

  test("a server on which every version expires at once is not hammered", async () => {
    const { client, time } = await started(page("10"));
    client.refusals = Array.from({ length: 1_000 }, () => failure("gone"));
    client.watching().fail(failure("gone"));
    await time.advanceAsync(60_000);
    expect(client.listed.length).toBeLessThan(12);
  });

  test("the first failure of a row is a warning, the rest is silence", async () => {
    const { client, time, warnings } = await started(page("10"));
    client.refusals = Array.from({ length: 6 }, () => failure("network"));
    client.watching().fail(failure("network"));
    await time.advanceAsync(20_000);
    expect(warnings).toHaveLength(1);
  });
});

describe("silence", () => {
  test("a watch that had bookmarks and falls silent is replaced", async () => {
    const { client, time } = await started(page("10"));
    client.watching().push(bookmark("20"));
    await time.advanceAsync(75_000);
    client.watching().push(bookmark("30"));
    await time.advanceAsync(99_999);
    expect(client.watches[0]?.closed).toBe(false);
    await time.advanceAsync(1);
    expect(client.watches[0]?.closed).toBe(true);
    await time.advanceAsync(500);
    expect(client.watching().options.resourceVersion).toBe("30");
  });

  test("one that never had a bookmark may be silent until its end is overdue", async () => {
    const { client, time } = await started(page("10"));
    await time.advanceAsync(329_999);
    expect(client.watches[0]?.closed).toBe(false);
    await time.advanceAsync(1);
    expect(client.watches[0]?.closed).toBe(true);
  });

  test("staleness is the time since the last word", async () => {
    const { client, time, reflector } = make(page("10"));
    expect(reflector.stalenessMs()).toBe(Infinity);
    reflector.start();
    await time.advanceAsync(30_000);
    expect(reflector.stalenessMs()).toBe(30_000);
    client.watching().push(bookmark("11"));
    await time.advanceAsync(2_000);
    expect(reflector.stalenessMs()).toBe(2_000);
  });
});

describe("a kind that is not served", () => {
  test("is absent, is looked for again now and then, and is picked up", async () => {
    const { client, time, reflector, told } = await started(failure("missingKind"));
    await reflector.whenSynced();
    expect([reflector.state, client.listed.length]).toEqual(["absent", 1]);
    await time.advanceAsync(45_000);
    expect(client.listed).toHaveLength(4);
    client.lists = [page("10", object("a", "5"))];
    await time.advanceAsync(15_000);
    expect(reflector.state).toBe("synced");
    expect(told).toEqual(["added a@5"]);
  });

  test("whose CRD vanishes has lost all its objects", async () => {
    const { client, reflector, told, time } = await started(page("10", object("a", "5")), failure("missingKind"));
    client.refusals = [failure("missingKind")];
    client.watching().push(bookmark("11"));
    client.watching().end();
    await time.advanceAsync(500);
    await settle();
    expect(reflector.state).toBe("absent");
    expect(told).toEqual(["added a@5", "deleted a@5"]);
  });
});

describe("handlers", () => {
  test("one that throws is logged; the others, the store and the watch go on", async () => {
    const { client, reflector, errors, told } = make(page("10"));
    reflector.onEvent(() => {
      throw new Error("handler");
    });
    let later = 0;
    reflector.onEvent(() => later++);
    reflector.start();
    await settle();
    client.watching().push({ type: "ADDED", object: object("a", "11") }, { type: "ADDED", object: object("b", "12") });
    await settle();
    expect(errors).toHaveLength(2);
    expect([told.length, later, reflector.store.size]).toEqual([2, 2, 2]);
    expect(client.watches[0]?.closed).toBe(false);
  });
});

describe("stop", () => {
  test("closes the watch, leaves no timer and opens nothing more", async () => {
    const { client, time, reflector } = await started(page("10", object("a", "5")));
    await reflector.stop();
    expect(client.watches[0]?.closed).toBe(true);
    expect(time.pending).toBe(0);
    await time.advanceAsync(3_600_000);
    expect([client.attempts, client.listed.length]).toEqual([1, 1]);
    expect([reflector.state, reflector.store.size]).toEqual(["idle", 1]);
  });

  test("during a delay and during a list it leaves nothing either", async () => {
    const waiting = await started(failure("unavailable"));
    await waiting.reflector.stop();
    expect(waiting.time.pending).toBe(0);

    const listing = make(page("10", object("a", "5")));
    let release: () => void = () => {};
    listing.client.hold = new Promise((resolve) => (release = resolve));
    listing.reflector.start();
    await settle();
    const stopped = listing.reflector.stop();
    release();
    await stopped;
    await listing.time.advanceAsync(60_000);
    expect(listing.client.attempts).toBe(0);
  });

  test("with forget the store is emptied, and told so; a second start fills it again", async () => {
    const { reflector, told, client } = await started(page("10", object("a", "5")));
    await reflector.stop({ forget: true });
    expect([told.at(-1), reflector.store.size]).toEqual(["deleted a@5", 0]);
    reflector.start();
    reflector.start();
    await settle();
    expect(reflector.state).toBe("synced");
    expect(client.attempts).toBe(2);
    expect(told.at(-1)).toBe("added a@5");
  });
});
