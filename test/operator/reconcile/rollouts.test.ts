// Whose pods are replaced now: so many at once, oldest first; who asks for it itself goes at once and counts; who is stuck keeps its place.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fleet, type Fleet } from "./fleet.ts";

const isFree = (f: Fleet, name: string): boolean => f.ask(name).wait === undefined;
/** Asks and is answered, as one reconcile does. */
const roll = (f: Fleet, name: string): boolean => {
  if (!isFree(f, name)) return false;
  f.answer(name, "updated");
  return true;
};

test("of four, two go; the others are told how many roll, and nobody's name", () => {
  const f = fleet(2, 4);
  expect(["t0", "t1", "t2", "t3"].map((name) => roll(f, name))).toEqual([true, true, false, false]);
  const { wait } = f.ask("t2");
  expect(wait).toBe("new pods of this operator's release wait for their turn: those of 2 resources are being replaced, at most 2 at once (--max-concurrent-rollouts)");
  expect(f.count()).toEqual({ running: 2, stuck: 0, waiting: 2 });
});

test("two that ask in the same moment do not both take the last place", () => {
  const f = fleet(1, 2);
  // neither has been answered: no Deployment shows anything yet
  expect([isFree(f, "t0"), isFree(f, "t1")]).toEqual([true, false]);
  f.answer("t0", "updated");
  expect(isFree(f, "t1")).toBe(false);
});

test("when one has settled the oldest that waits is woken, and nobody takes its place", () => {
  const f = fleet(1, 4);
  roll(f, "t0");
  for (const name of ["t2", "t1"]) expect(isFree(f, name)).toBe(false);
  f.become("t0", "rolling");
  expect(f.woken).toEqual([]);
  f.become("t0", "settled");
  expect(f.woken).toEqual(["t2"]);
  expect([isFree(f, "t3"), isFree(f, "t1"), isFree(f, "t2")]).toEqual([false, false, true]);
});

test("one that is woken and does not come is passed over after a minute, and has its turn when it comes", () => {
  const f = fleet(1, 3);
  roll(f, "t0");
  for (const name of ["t1", "t2"]) isFree(f, name);
  f.become("t0", "settled");
  expect(isFree(f, "t2")).toBe(false);
  f.time.advance(60_000);
  expect(roll(f, "t2")).toBe(true);
  f.become("t2", "settled");
  expect(f.woken).toEqual(["t1", "t1"]);
  expect(roll(f, "t1")).toBe(true);
});

test("one that comes and finds its place taken by somebody who does not wait keeps its turn, however long that takes", () => {
  const f = fleet(1, 4);
  roll(f, "t0");
  for (const name of ["t1", "t2"]) isFree(f, name);
  f.become("t0", "settled");
  f.change("t3");
  roll(f, "t3");
  expect(isFree(f, "t1")).toBe(false);
  f.time.advance(60_000);
  f.become("t3", "settled");
  expect([isFree(f, "t2"), isFree(f, "t1")]).toEqual([false, true]);
});

describe("who does not wait", () => {
  test("a change of the resource itself goes at once, beyond the limit, and counts", () => {
    const f = fleet(1, 3);
    roll(f, "t0");
    f.change("t1");
    expect(roll(f, "t1")).toBe(true);
    f.become("t0", "settled");
    expect([isFree(f, "t2"), f.count()]).toEqual([false, { running: 1, stuck: 0, waiting: 1 }]);
  });

  test("and still does when its apply failed, although the status has answered it meanwhile", () => {
    const f = fleet(1, 2);
    roll(f, "t0");
    f.change("t1");
    expect(isFree(f, "t1")).toBe(true);
    f.answer("t1", "failed");
    expect(isFree(f, "t1")).toBe(true);
  });

  test("one whose pods are being replaced already: it takes no further place", () => {
    const f = fleet(1, 2);
    roll(f, "t0");
    f.become("t0", "stuck");
    f.upgrade("r:3");
    expect([f.ask("t0").wait, isFree(f, "t1")]).toEqual([undefined, false]);
  });

  test("but one that may only have been scaled by somebody does: the Deployment's controller has not said yet", () => {
    const f = fleet(1, 2);
    roll(f, "t0");
    f.become("t1", "applied");
    expect(isFree(f, "t1")).toBe(false);
    f.become("t1", "settled");
    f.become("t0", "settled");
    f.become("t1", "applied");
    expect(isFree(f, "t1")).toBe(true);
  });

  test("one whose Deployment is not there, belongs to another, or would not change", () => {
    const f = fleet(1, 3);
    roll(f, "t0");
    expect(f.ask("t1", "none")).toEqual({ isChange: false });
    const foreign = { ...f.deployment("t1"), metadata: { ...f.deployment("t1").metadata, ownerReferences: [] } };
    expect(f.ask("t1", foreign)).toEqual({ isChange: false });
    expect(isFree(f, "t1")).toBe(false);
    f.upgrade("r:1");
    expect(f.ask("t1")).toEqual({ isChange: false });
    expect(f.count()).toEqual({ running: 1, stuck: 0, waiting: 0 });
  });
});

test("what the operator or the author changes is no repair; what somebody else has changed is being replaced already, and is one", () => {
  const f = fleet(2, 2);
  expect(f.ask("t0")).toEqual({ isChange: true });
  f.become("t1", "rolling");
  expect(f.ask("t1")).toEqual({ isChange: false });
  f.change("t1");
  expect(f.ask("t1")).toEqual({ isChange: true });
});

test("one that is stuck keeps its place, and those that wait are told so", () => {
  const f = fleet(1, 2);
  roll(f, "t0");
  f.become("t0", "stuck");
  expect(f.ask("t1").wait).toMatch(/1 of them is stuck, and others wait until that is put right$/);
  expect(f.count()).toEqual({ running: 0, stuck: 1, waiting: 1 });
});

test("an apply that failed keeps its place until it is known what came of it; any other answer gives it back", () => {
  const f = fleet(1, 3);
  expect(isFree(f, "t0")).toBe(true);
  f.answer("t0", "failed");
  expect(isFree(f, "t1")).toBe(false);
  expect(isFree(f, "t0")).toBe(true);
  f.answer("t0", "conflict");
  expect(f.woken).toEqual(["t1"]);
  expect(isFree(f, "t1")).toBe(true);
});

test("a resource that goes, is paused or may not have its tenant gives its place to the next", () => {
  const f = fleet(1, 3);
  isFree(f, "t0");
  isFree(f, "t1");
  isFree(f, "t2");
  f.leave("t1");
  f.leave("t0");
  expect(f.woken).toEqual(["t2"]);
});

test("a new operator goes on where the last one was: what rolls is in the Deployments", () => {
  const f = fleet(2, 4);
  for (const name of ["t0", "t1", "t2"]) roll(f, name);
  f.restartOperator();
  expect(["t2", "t3"].map((name) => isFree(f, name))).toEqual([false, false]);
});

type Step = readonly ["ask" | "answer" | "lose" | "see" | "settle" | "change" | "restart", number];

test("whatever happens in whatever order, an upgrade never begins a rollout beyond the limit, and in the end everyone has it", () => {
  const size = 8;
  const step = fc.tuple(fc.constantFrom<Step[0]>("ask", "ask", "ask", "answer", "answer", "lose", "see", "settle", "settle", "change", "restart"), fc.nat(size - 1));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 120 }), (limit, steps) => {
      const f = fleet(limit, size);
      /** Let go, and not answered yet. */
      const open = new Set<string>();
      /** Let go, and the apply failed: it keeps its place. */
      const lost = new Set<string>();
      const askFor = (name: string): void => {
        const before = new Set([...f.rolling(), ...open, ...lost]);
        const asked = f.tenants.get(name)?.generation !== f.tenants.get(name)?.observed;
        const turn = f.ask(name);
        if (turn.wait !== undefined) return;
        if (!before.has(name) && f.tenants.get(name)?.image !== "r:2" && !asked) expect(before.size).toBeLessThan(limit);
        if (f.tenants.get(name)?.image !== "r:2") open.add(name);
      };
      for (const [what, i] of steps) {
        const name = `t${i}`;
        const phase = f.tenants.get(name)?.phase;
        // a key is never worked on twice at once
        if (what === "ask" && !open.has(name)) askFor(name);
        if (what === "answer" && open.delete(name)) {
          f.answer(name, "updated");
          lost.delete(name);
        }
        if (what === "lose" && open.delete(name)) {
          f.answer(name, "failed");
          lost.add(name);
        }
        if (what === "see" && phase === "applied") f.become(name, "rolling");
        if (what === "settle" && phase === "rolling") f.become(name, "settled");
        if (what === "change" && !open.has(name)) f.change(name);
        // applies that are under way end before an operator does
        if (what === "restart" && open.size === 0) {
          f.restartOperator();
          lost.clear();
        }
      }
      // from now on everything goes well: who is woken comes, and everyone looks once more now and then
      for (let round = 0; round < 3 * size; round++) {
        for (const name of open) f.answer(name, "updated");
        open.clear();
        lost.clear();
        for (const [name, { phase }] of f.tenants) if (phase !== "settled") f.become(name, "settled");
        for (const name of [...f.woken.splice(0), ...f.tenants.keys()]) if (!open.has(name)) askFor(name);
      }
      expect([...f.tenants.values()].map((t) => `${t.image} ${t.phase}`)).toEqual(Array.from({ length: size }, () => "r:2 settled"));
      expect(f.count()).toEqual({ running: 0, stuck: 0, waiting: 0 });
    }),
  );
});

test("two hundred that are only ever woken all have it in the end, in the order in which they asked", () => {
  const f = fleet(5, 200);
  const done: string[] = [];
  let queue = [...f.tenants.keys()];
  while (queue.length > 0) {
    for (const name of queue) if (roll(f, name)) done.push(name);
    expect(f.rolling().length).toBeLessThanOrEqual(5);
    f.woken.length = 0;
    for (const name of f.rolling()) f.become(name, "settled");
    queue = [...new Set(f.woken)];
  }
  expect(done).toEqual([...f.tenants.keys()]);
});
