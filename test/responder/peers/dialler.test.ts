// Who is dialled, how often, and when an address is given up.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createDialler, type DialEvents } from "../../../responder/peers/dialler.ts";
import type { PeerAddress } from "../../../responder/peers/source.ts";
import { manualTime } from "../../support/manual-time.ts";

const at = (host: string): PeerAddress => ({ host, port: 7946 });

interface Dial {
  readonly host: string;
  readonly at: number;
  readonly events: DialEvents;
  closed: string | undefined;
}

const setUp = (random = 0.5) => {
  const time = manualTime();
  const dials: Dial[] = [];
  const dialler = createDialler({
    timers: time,
    random: () => random,
    dial: ({ host }, events) => {
      const dial: Dial = { host, at: time.monotonic(), events, closed: undefined };
      dials.push(dial);
      return { close: (reason) => void (dial.closed = reason) };
    },
  });
  const last = (host: string): Dial => dials.findLast((dial) => dial.host === host)!;
  const end = (host: string, why: "self" | "doubled" | "failed" = "failed") => last(host).events.onEnd(why);
  const count = (host: string) => dials.filter((dial) => dial.host === host).length;
  /** Fails each try at once; returns the waits between them. */
  const waitsOf = (host: string, tries: number): number[] =>
    Array.from({ length: tries }, () => {
      const before = count(host);
      const since = time.monotonic();
      end(host);
      for (let ms = 0; ms < 5_000 && count(host) === before; ms++) time.advance(1);
      return time.monotonic() - since;
    });
  return { time, dials, dialler, last, end, count, waitsOf };
};

test("each listed address is dialled once, whoever names it again", () => {
  const { dialler, dials } = setUp();
  dialler.setListed([at("a"), at("b")]);
  dialler.setListed([at("a"), at("b")]);
  dialler.suggest(at("a"));
  expect(dials.map(({ host }) => host)).toEqual(["a", "b"]);
  expect([dialler.listed, dialler.isListed(at("a")), dialler.isListed({ host: "a", port: 1 })]).toEqual([2, true, false]);
});

test("the wait doubles up to half a second, with jitter on both sides, and begins anew when the peer was reached", () => {
  for (const [random, factor] of [
    [0, 0.75],
    [0.5, 1],
    [1 - Number.EPSILON, 1.25],
  ] as const) {
    const { dialler, waitsOf, last } = setUp(random);
    dialler.setListed([at("a")]);
    const expected = [200, 400, 500, 500, 500, 500, 500].map((ms) => Math.ceil(ms * factor));
    expect(waitsOf("a", 7)).toEqual(expected);
    last("a").events.onReady();
    expect(waitsOf("a", 2)).toEqual(expected.slice(0, 2));
  }
});

test("a listed address is never given up; one that somebody only spoke of is, after five failures in a row", () => {
  const { dialler, waitsOf, count, time, end } = setUp();
  dialler.setListed([at("listed")]);
  dialler.suggest(at("told"));
  waitsOf("listed", 50);
  expect(count("listed")).toBe(51);
  waitsOf("told", 4);
  expect(count("told")).toBe(5);
  end("told");
  time.advance(60_000);
  expect(count("told")).toBe(5);
  // somebody speaks of it again
  dialler.suggest(at("told"));
  expect(count("told")).toBe(6);
});

test("an address that was reached and is no longer listed stays as long as the connection does, and five tries more", () => {
  const { dialler, last, waitsOf, count, time, end } = setUp();
  dialler.setListed([at("a")]);
  last("a").events.onReady();
  dialler.setListed([]);
  time.advance(60_000);
  expect([last("a").closed, dialler.isListed(at("a")), dialler.listed]).toEqual([undefined, false, 0]);
  waitsOf("a", 4);
  expect(count("a")).toBe(5);
  end("a");
  time.advance(60_000);
  expect(count("a")).toBe(5);
});

test("our own address is not dialled again, counts for nothing, and is forgotten when it is no longer listed", () => {
  const { dialler, end, time, count } = setUp();
  dialler.setListed([at("me"), at("a")]);
  end("me", "self");
  time.advance(60_000);
  expect([count("me"), dialler.listed]).toEqual([1, 1]);
  dialler.suggest(at("me"));
  dialler.setListed([at("me"), at("a")]);
  expect(count("me")).toBe(1);
  dialler.setListed([at("a")]);
  dialler.setListed([at("me"), at("a")]);
  expect(count("me")).toBe(2);
});

test("a second address of a peer is looked at seldom while it is listed, and dropped when it is not", () => {
  const { dialler, end, time, count } = setUp();
  dialler.setListed([at("alias")]);
  end("alias", "doubled");
  time.advance(9_999);
  expect(count("alias")).toBe(1);
  time.advance(1);
  expect(count("alias")).toBe(2);
  dialler.setListed([]);
  end("alias", "doubled");
  time.advance(60_000);
  expect(count("alias")).toBe(2);
});

test("who calls us is dialled at once, also while the next try is waited for", () => {
  const { dialler, end, time, count } = setUp();
  dialler.setListed([at("late")]);
  for (let i = 0; i < 6; i++) {
    end("late");
    time.advance(2_500);
  }
  const before = count("late");
  end("late");
  dialler.suggest(at("late"));
  expect(count("late")).toBe(before + 1);
  // and not twice
  time.advance(60_000);
  expect(count("late")).toBe(before + 1);
});

test("strangers: until discovery has answered, and then as long as a listed address was never reached", () => {
  const { dialler, last, end } = setUp();
  dialler.suggest(at("told"));
  expect(dialler.hasStrangers).toBe(true);
  dialler.setListed([at("a"), at("b"), at("me")]);
  last("a").events.onReady();
  end("me", "self");
  expect(dialler.hasStrangers).toBe(true);
  last("b").events.onReady();
  expect(dialler.hasStrangers).toBe(false);
  // it was met, and what it lacks is kept for it
  end("b");
  expect(dialler.hasStrangers).toBe(false);
  dialler.setListed([at("a"), at("b"), at("me"), at("c")]);
  expect(dialler.hasStrangers).toBe(true);
  end("c", "doubled");
  expect(dialler.hasStrangers).toBe(false);
});

test("settled: discovery has answered, and everybody was reached or has failed twice", () => {
  const { dialler, last, end, time } = setUp();
  expect(dialler.isSettled).toBe(false);
  dialler.setListed([]);
  expect(dialler.isSettled).toBe(true);
  dialler.setListed([at("a"), at("b"), at("me")]);
  end("me", "self");
  last("a").events.onReady();
  end("b");
  expect(dialler.isSettled).toBe(false);
  time.advance(300);
  end("b");
  expect(dialler.isSettled).toBe(true);
});

test("no more than 64 addresses, whatever is told", () => {
  const { dialler, dials } = setUp();
  for (let i = 0; i < 1_000; i++) dialler.suggest(at(`h${i}`));
  expect(dials.length).toBe(64);
});

test("stopped: connections are closed, nothing is dialled any more, and no timer stays", () => {
  const { dialler, dials, last, time, end } = setUp();
  dialler.setListed([at("a"), at("b")]);
  last("a").events.onReady();
  end("b");
  dialler.stop();
  expect(last("a").closed).toBe("stopping");
  end("a");
  dialler.suggest(at("c"));
  dialler.setListed([at("d")]);
  time.advance(60_000);
  expect([dials.length, time.pending]).toEqual([2, 0]);
});

test("never two connections to one address at once, and every listed one is tried at least every three seconds", () => {
  const hosts = ["a", "b", "c"];
  const step = fc.record({ do: fc.constantFrom("list", "suggest", "ready", "fail", "fail", "double", "pass"), host: fc.constantFrom(...hosts), ms: fc.nat(4_000), listed: fc.subarray(hosts) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (steps, random) => {
      const time = manualTime();
      const open = new Map<string, DialEvents>();
      const endedAt = new Map<string, number>();
      const dialler = createDialler({
        timers: time,
        random: () => random,
        dial: ({ host }, events) => {
          expect(open.has(host)).toBe(false);
          open.set(host, events);
          return { close: () => {} };
        },
      });
      const doubled = new Set<string>();
      const end = (host: string, why: "doubled" | "failed") => {
        const events = open.get(host);
        if (!events) return;
        open.delete(host);
        if (why === "doubled") doubled.add(host);
        else doubled.delete(host);
        endedAt.set(host, time.monotonic());
        events.onEnd(why);
      };
      for (const { do: what, host, ms, listed } of steps) {
        if (what === "list") dialler.setListed(listed.map(at));
        else if (what === "suggest") dialler.suggest(at(host));
        else if (what === "ready") open.get(host)?.onReady();
        else if (what === "fail") end(host, "failed");
        else if (what === "double") end(host, "doubled");
        else time.advance(ms);
        for (const each of hosts) if (dialler.isListed(at(each)) && !open.has(each)) expect(time.monotonic() - endedAt.get(each)!).toBeLessThan(doubled.has(each) ? 13_000 : 1_000);
      }
      dialler.stop();
      expect(time.pending).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});
