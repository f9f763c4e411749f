import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createQueue } from "../../../operator/runtime/queue.ts";
import type { QueueHooks, WorkQueue } from "../../../operator/runtime/types.ts";
import { manualTime, settle } from "../../support/manual-time.ts";

const make = (options: { baseDelayMs?: number; maxDelayMs?: number; hooks?: QueueHooks } = {}) => {
  const time = manualTime();
  return { time, queue: createQueue({ clock: time, timers: time, ...options }) };
};

/** Everything that can be had without waiting. */
const drain = async (queue: WorkQueue): Promise<string[]> => {
  const keys: string[] = [];
  while (queue.depth > 0) keys.push((await queue.get()) ?? "");
  return keys;
};

describe("adding", () => {
  test("a key that waits is not queued twice; the oldest comes first", async () => {
    const { queue } = make();
    for (const key of ["a", "b", "a", "c", "b"]) queue.add(key);
    expect(await drain(queue)).toEqual(["a", "b", "c"]);
  });

  test("a key added while it is worked on is queued again at its end, once, behind the others", async () => {
    const { queue } = make();
    queue.add("a");
    expect(await queue.get()).toBe("a");
    queue.add("a");
    queue.add("a");
    expect(queue.depth).toBe(0);
    queue.add("b");
    queue.done("a");
    expect(await drain(queue)).toEqual(["b", "a"]);
    queue.done("a");
    queue.done("b");
    expect(queue.depth).toBe(0);
  });

  test("a waiting worker gets the key at once", async () => {
    const { queue } = make();
    const taken = queue.get();
    queue.add("a");
    expect(await taken).toBe("a");
  });
});

describe("delays", () => {
  test("the earliest of several delayed adds wins", async () => {
    const { queue, time } = make();
    queue.addAfter("a", 1_000);
    queue.addAfter("a", 500);
    queue.addAfter("a", 2_000);
    time.advance(499);
    expect(queue.depth).toBe(0);
    time.advance(1);
    expect(await drain(queue)).toEqual(["a"]);
    queue.done("a");
    time.advance(5_000);
    expect(queue.depth).toBe(0);
  });

  test("an add makes a later look needless", async () => {
    const { queue, time } = make();
    queue.addAfter("a", 1_000);
    queue.add("a");
    expect(await drain(queue)).toEqual(["a"]);
    queue.done("a");
    time.advance(1_000);
    expect(queue.depth).toBe(0);
    expect(time.pending).toBe(0);
  });

  test("backoff doubles up to its cap, per key, until the key is forgotten", () => {
    const { queue, time } = make({ baseDelayMs: 100, maxDelayMs: 1_000 });
    const delayOf = (key: string): number => {
      const began = time.monotonic();
      queue.addRateLimited(key);
      while (queue.depth === 0) time.advance(1);
      void queue.get();
      queue.done(key);
      return time.monotonic() - began;
    };
    expect([1, 2, 3, 4, 5, 6].map(() => delayOf("a"))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(queue.failures("a")).toBe(6);
    expect(delayOf("b")).toBe(100);
    queue.forget("a");
    expect(delayOf("a")).toBe(100);
  });

  test("a thousand failures do not overflow", () => {
    const { queue, time } = make();
    for (let i = 0; i < 2_000; i++) queue.addRateLimited("a");
    time.advance(200);
    expect(queue.depth).toBe(1);
    void queue.get();
    queue.done("a");
    queue.addRateLimited("a");
    time.advance(299_999);
    expect(queue.depth).toBe(0);
    time.advance(1);
    expect(queue.depth).toBe(1);
  });

  test("a server's Retry-After is a lower bound of the backoff", () => {
    const { queue, time } = make({ baseDelayMs: 100 });
    queue.addRateLimited("a", 5_000);
    time.advance(4_999);
    expect(queue.depth).toBe(0);
    time.advance(1);
    expect(queue.depth).toBe(1);
  });
});

describe("shutdown", () => {
  test("ends every get, drops what waits, leaves no timer; what is worked on may end", async () => {
    const { queue, time } = make();
    queue.add("running");
    await queue.get();
    const takers = [queue.get(), queue.get()];
    queue.addAfter("later", 10);
    queue.add("running");
    queue.shutdown();
    queue.add("new");
    queue.addRateLimited("new");
    queue.addAfter("new", 1);
    expect(await Promise.all(takers)).toEqual([undefined, undefined]);
    queue.done("running");
    expect(queue.depth).toBe(0);
    expect(time.pending).toBe(0);
    expect(await queue.get()).toBeUndefined();
  });
});

test("the hooks tell depth, waiting time, working time, adds and retries", async () => {
  const told: [string, number?][] = [];
  const { queue, time } = make({
    hooks: {
      added: () => told.push(["added"]),
      retried: () => told.push(["retried"]),
      depth: (n) => told.push(["depth", n]),
      waited: (s) => told.push(["waited", s]),
      worked: (s) => told.push(["worked", s]),
    },
  });
  queue.add("a");
  queue.add("a");
  time.advance(1_500);
  await queue.get();
  time.advance(2_500);
  queue.addRateLimited("a");
  queue.done("a");
  expect(told).toEqual([["added"], ["depth", 1], ["depth", 0], ["waited", 1.5], ["retried"], ["worked", 2.5]]);
});

describe("model", () => {
  type Step = { do: "add" | "addAfter" | "addRateLimited" | "forget"; key: string; ms: number } | { do: "done"; ms: number } | { do: "get" | "advance"; ms: number };
  const kind = (name: Step["do"], weight: number): fc.WeightedArbitrary<Step> => ({
    weight,
    arbitrary: fc.record({ do: fc.constant(name), key: fc.constantFrom("a", "b", "c"), ms: fc.nat(50) }) as fc.Arbitrary<Step>,
  });
  const step = fc.oneof(kind("add", 6), kind("addAfter", 2), kind("addRateLimited", 2), kind("forget", 1), kind("done", 5), kind("get", 6), kind("advance", 3));

  test("in any schedule no key is worked on twice at once, no add is lost, and the order of service is the order of adds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { queue, time } = make({ baseDelayMs: 5, maxDelayMs: 40 });
        /** What the model says: keys in the order of service; keys worked on, and whether they are wanted again; when delayed keys fall due. */
        const waiting: string[] = [];
        const working = new Map<string, boolean>();
        const due = new Map<string, number>();
        const failures = new Map<string, number>();
        let takers = 0;
        const served: string[] = [];
        const expected: string[] = [];

        const enqueue = (key: string): void => {
          if (takers > 0) {
            takers--;
            working.set(key, false);
            expected.push(key);
          } else waiting.push(key);
        };
        const add = (key: string): void => {
          due.delete(key);
          if (working.has(key)) working.set(key, true);
          else if (!waiting.includes(key)) enqueue(key);
        };
        const addAfter = (key: string, ms: number): void => {
          if (ms <= 0) return add(key);
          due.set(key, Math.min(due.get(key) ?? Infinity, time.monotonic() + ms));
        };

        const play = (s: Step): void => {
          switch (s.do) {
            case "add":
              add(s.key);
              return queue.add(s.key);
            case "addAfter":
              addAfter(s.key, s.ms);
              return queue.addAfter(s.key, s.ms);
            case "addRateLimited": {
              const n = failures.get(s.key) ?? 0;
              failures.set(s.key, n + 1);
              addAfter(s.key, Math.min(40, 5 * 2 ** n));
              return queue.addRateLimited(s.key);
            }
            case "forget":
              failures.delete(s.key);
              return queue.forget(s.key);
            case "done": {
              const [key, again] = [...working][s.ms % (working.size || 1)] ?? ["nobody's", false];
              working.delete(key);
              if (again) enqueue(key);
              return queue.done(key);
            }
            case "get": {
              const next = waiting.shift();
              if (next === undefined) takers++;
              else {
                working.set(next, false);
                expected.push(next);
              }
              return void queue.get().then((key) => served.push(key ?? ""));
            }
            case "advance": {
              const until = time.monotonic() + s.ms;
              const falling = [...due].filter(([, at]) => at <= until).sort(([, x], [, y]) => x - y);
              // which of two that fall due in the same millisecond comes first is nobody's promise
              fc.pre(new Set(falling.map(([, at]) => at)).size === falling.length);
              time.advance(s.ms);
              for (const [key] of falling) add(key);
            }
          }
        };
        for (const s of steps) {
          play(s);
          await settle();
          expect(queue.depth).toBe(waiting.length);
          expect(served).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });
});
