import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../operator/kube/errors.ts";
import type { Request } from "../../../operator/objects.ts";
import { createController } from "../../../operator/runtime/controller.ts";
import { createQueue } from "../../../operator/runtime/queue.ts";
import type { ControllerHooks, Reconcile, ReconcileVerdict, Result } from "../../../operator/runtime/types.ts";
import { manualTime, settle, silentLog } from "../../support/manual-time.ts";

const done: Result = { outcome: "done" };
const a: Request = { namespace: "n", name: "a" };
const b: Request = { namespace: "n", name: "b" };

const make = (reconcile: Reconcile, workers = 2) => {
  const time = manualTime();
  const queue = createQueue({ clock: time, timers: time, baseDelayMs: 100, maxDelayMs: 10_000 });
  const verdicts: ReconcileVerdict[] = [];
  const active: number[] = [];
  const logged: { level: string; message: string; fields: object }[] = [];
  const to = (level: string) => (fields: object, message: string) => void logged.push({ level, message, fields });
  const log = { ...silentLog, warn: to("warn"), error: to("error"), info: to("info") };
  const controller = createController({
    queue,
    reconcile,
    workers,
    timeoutMs: 1_000,
    clock: time,
    timers: time,
    log,
    hooks: { reconciled: (v) => verdicts.push(v), activeWorkers: (n) => active.push(n) },
  });
  return { time, queue, controller, verdicts, active, logged };
};

/** A reconcile whose runs end when the test says so. */
const held = () => {
  const runs: { request: Request; signal: AbortSignal; end: (result?: Result) => void }[] = [];
  const reconcile: Reconcile = (request, signal) => new Promise((resolve) => runs.push({ request, signal, end: (result = done) => resolve(result) }));
  return { runs, reconcile, names: () => runs.map((r) => r.request.name) };
};

describe("results", () => {
  test("done forgets failures; a requeue comes when it was asked for", async () => {
    let runs = 0;
    const { controller, time, verdicts, queue } = make(() => Promise.resolve(++runs === 1 ? { outcome: "done", requeueAfterMs: 500 } : done));
    controller.start();
    controller.enqueue(a);
    await time.advanceAsync(499);
    expect(runs).toBe(1);
    await time.advanceAsync(1);
    expect(runs).toBe(2);
    expect(verdicts).toEqual(["requeue_after", "success"]);
    expect(queue.failures("n/a")).toBe(0);
  });

  test("a transient failure is tried again with growing delays, another key is not held up by it", async () => {
    const seen: [string, number][] = [];
    const { controller, time } = make((request) => {
      seen.push([request.name, time.monotonic()]);
      return Promise.resolve(request.name === "a" && seen.length < 5 ? { outcome: "retry", reason: "no luck" } : done);
    }, 1);
    controller.start();
    controller.enqueue(a);
    controller.enqueue(b);
    await time.advanceAsync(10_000);
    expect(seen).toEqual([
      ["a", 0],
      ["b", 0],
      ["a", 100],
      ["a", 300],
      ["a", 700],
    ]);
  });

  test("a terminal failure waits for an event and is said once", async () => {
    let runs = 0;
    const { controller, time, verdicts, logged, queue } = make(() => Promise.resolve({ outcome: "terminal", reason: `the spec is nonsense ${++runs}` }));
    controller.start();
    controller.enqueue(a);
    await time.advanceAsync(600_000);
    expect(runs).toBe(1);
    controller.enqueue(a);
    await settle();
    expect(runs).toBe(2);
    expect(verdicts).toEqual(["terminal", "terminal"]);
    expect(queue.failures("n/a")).toBe(0);
    expect(logged[0]).toMatchObject({ level: "warn", fields: { resource_namespace: "n", kvresponder: "a", reason: "the spec is nonsense 1" } });
  });

  test("an ApiError counts as transient and its Retry-After is honoured", async () => {
    let runs = 0;
    const { controller, time, verdicts } = make(() => {
      if (++runs > 1) return Promise.resolve(done);
      throw new ApiError("apply x", { kind: "throttled", status: 429, reason: "TooManyRequests", detail: "slow down", retryAfterMs: 7_000 });
    });
    controller.start();
    controller.enqueue(a);
    await time.advanceAsync(6_999);
    expect(runs).toBe(1);
    await time.advanceAsync(1);
    expect(runs).toBe(2);
    expect(verdicts).toEqual(["error", "success"]);
  });

  test("anything else that is thrown is a panic: logged with its key, tried again, and the worker lives", async () => {
    let runs = 0;
    const { controller, time, verdicts, logged } = make(() => {
      if (++runs > 2) return Promise.resolve(done);
      throw new TypeError("undefined is not a function");
    }, 1);
    controller.start();
    controller.enqueue(a);
    await time.advanceAsync(1_000);
    expect(verdicts).toEqual(["panic", "panic", "success"]);
    expect(logged.filter((l) => l.level === "error")).toHaveLength(2);
    expect(logged[0]).toMatchObject({ level: "error", fields: { resource_namespace: "n", kvresponder: "a" } });
  });
});

describe("workers", () => {
  test("as many run at once as there are workers, one key never twice", async () => {
    const { runs, reconcile, names } = held();
    const { controller, active } = make(reconcile);
    controller.start();
    for (const name of ["a", "b", "c"]) controller.enqueue({ namespace: "n", name });
    await settle();
    controller.enqueue(a);
    await settle();
    expect(names()).toEqual(["a", "b"]);
    runs[0]?.end();
    await settle();
    expect(names()).toEqual(["a", "b", "c"]);
    runs[1]?.end();
    await settle();
    expect(names()).toEqual(["a", "b", "c", "a"]);
    expect(Math.max(...active)).toBe(2);
  });

  test("one that outlives its time is told, counted and frees its worker, but keeps its key until it has really ended", async () => {
    const { runs, reconcile, names } = held();
    const { controller, time, verdicts } = make(reconcile, 1);
    controller.start();
    controller.enqueue(a);
    await settle();
    controller.enqueue(b);
    await time.advanceAsync(999);
    expect(names()).toEqual(["a"]);
    await time.advanceAsync(1);
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(verdicts).toEqual(["timeout"]);
    expect(names()).toEqual(["a", "b"]);
    runs[1]?.end();
    controller.enqueue(a);
    await time.advanceAsync(500);
    expect(names()).toEqual(["a", "b"]);
    runs[0]?.end();
    await time.advanceAsync(0);
    expect(names()).toEqual(["a", "b", "a"]);
    expect(verdicts).toEqual(["timeout", "success"]);
  });

  test("one that ended well but late is looked at again", async () => {
    const { runs, reconcile, names } = held();
    const { controller, time } = make(reconcile, 1);
    controller.start();
    controller.enqueue(a);
    await time.advanceAsync(1_500);
    runs[0]?.end();
    await time.advanceAsync(100);
    expect(names()).toEqual(["a", "a"]);
  });

  test("a namespace and a name travel unchanged", async () => {
    const { reconcile, runs } = held();
    const { controller } = make(reconcile);
    controller.start();
    controller.enqueue({ namespace: "", name: "cluster-wide" });
    controller.enqueue({ namespace: "a-b", name: "c.d" });
    await settle();
    expect(runs.map((r) => r.request)).toEqual([
      { namespace: "", name: "cluster-wide" },
      { namespace: "a-b", name: "c.d" },
    ]);
  });
});

test("whoever stands around a reconcile sees how it ended, and its lines of log are written inside", async () => {
  const time = manualTime();
  const queue = createQueue({ clock: time, timers: time });
  const seen: unknown[] = [];
  const log = { ...silentLog, info: (_: object, message: string) => void seen.push(message) };
  const results: Result[] = [done, { outcome: "retry", reason: "no luck" }, { outcome: "done" }];
  const { runs, reconcile } = held();
  const around: NonNullable<ControllerHooks["around"]> = async ({ name }, work) => {
    seen.push(`begin ${name}`);
    seen.push(await work());
  };
  const controller = createController({ queue, reconcile, workers: 1, timeoutMs: 1_000, clock: time, timers: time, log, hooks: { around } });
  controller.start();
  for (const [i, result] of results.entries()) {
    controller.enqueue(i === 2 ? b : a);
    await time.advanceAsync(i === 2 ? 1_000 : 0);
    runs[i]?.end(result);
    await settle();
  }
  expect(seen).toEqual(["begin a", { verdict: "success" }, "begin a", "reconcile failed, will be tried again", { verdict: "error", reason: "no luck" }, "begin b", "begin a", { verdict: "timeout" }]);
});

test("that one takes too long is told inside as well", async () => {
  const time = manualTime();
  const queue = createQueue({ clock: time, timers: time });
  const inside = new AsyncLocalStorage<string>();
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => void told.push([inside.getStore(), message]) };
  const { reconcile, runs } = held();
  const controller = createController({ queue, reconcile, workers: 2, timeoutMs: 1_000, clock: time, timers: time, log, hooks: { around: ({ name }, work) => inside.run(name, work) } });
  controller.start();
  controller.enqueue(a);
  controller.enqueue(b);
  await settle();
  runs[1]?.end();
  await time.advanceAsync(1_000);
  expect(told).toEqual([["a", "reconcile takes too long"]]);
});

describe("stop", () => {
  test("waits for what runs, starts nothing new, leaves no timer", async () => {
    const { runs, reconcile, names } = held();
    const { controller, time } = make(reconcile, 1);
    controller.start();
    controller.enqueue(a);
    controller.enqueue(b);
    await settle();
    const stopped = controller.stop(5_000);
    controller.enqueue({ namespace: "n", name: "c" });
    await time.advanceAsync(500);
    expect(runs[0]?.signal.aborted).toBe(false);
    runs[0]?.end({ outcome: "done", requeueAfterMs: 1_000 });
    expect(await stopped).toBe(true);
    await time.advanceAsync(60_000);
    expect(names()).toEqual(["a"]);
    expect(time.pending).toBe(0);
  });

  test("what does not end within the grace is told to, and counted as ended when it heeds", async () => {
    const { controller, time } = make(
      (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new ApiError("get x", { kind: "aborted", status: 0, reason: "", detail: "stopped" })));
        }),
    );
    controller.start();
    controller.enqueue(a);
    await settle();
    const stopped = controller.stop(500);
    await time.advanceAsync(500);
    expect(await stopped).toBe(true);
  });

  test("what never ends is left behind and said so", async () => {
    const { reconcile } = held();
    const { controller, time } = make(reconcile);
    controller.start();
    controller.enqueue(a);
    await settle();
    const stopped = controller.stop(100);
    await time.advanceAsync(100);
    await time.advanceAsync(1_000);
    expect(await stopped).toBe(false);
  });
});
