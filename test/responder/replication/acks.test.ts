// Who waits for peers is told once, honestly, and in bounded time.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createWaiters } from "../../../responder/replication/acks.ts";
import type { Acknowledgement } from "../../../responder/replication/port.ts";
import type { Member } from "../../../responder/peers/membership.ts";
import { manualTime } from "../../support/manual-time.ts";

const memberWith = (ackedChanges: number): Member => ({ ackedChanges, refusedChanges: -1 }) as Member;

const setUp = (acked: readonly number[]) => {
  const time = manualTime();
  let members = acked.map(memberWith);
  const waiters = createWaiters({ timers: time, members: () => members });
  const told: Acknowledgement[] = [];
  return {
    time,
    waiters,
    told,
    get members() {
      return members;
    },
    reach: (i: number, position: number) => {
      members[i]!.ackedChanges = position;
      waiters.check();
    },
    setMembers: (next: readonly Member[]) => {
      members = [...next];
      waiters.check();
    },
    wait: (position: number, wanted: number, ms = 1_000) => waiters.wait(position, wanted, ms, (answer) => told.push(answer)),
  };
};

test("what is there already is answered at once, without a timer", () => {
  const { wait, told, time } = setUp([5, 3]);
  wait(4, 1);
  wait(6, 0);
  expect(told).toEqual([
    { acknowledged: 1, of: 2, met: true },
    { acknowledged: 0, of: 2, met: true },
  ]);
  expect(time.pending).toBe(0);
});

test("nobody to wait for: as many as there are have it", () => {
  const { wait, told } = setUp([]);
  wait(9, Infinity);
  expect(told).toEqual([{ acknowledged: 0, of: 0, met: true }]);
});

test("as many as were wanted, and not before; all means those there are", () => {
  const { wait, told, reach, time } = setUp([0, 0, 0]);
  wait(2, 2);
  wait(2, Infinity);
  reach(0, 2);
  reach(1, 1);
  expect(told).toEqual([]);
  reach(1, 2);
  expect(told).toEqual([{ acknowledged: 2, of: 3, met: true }]);
  reach(2, 7);
  expect(told.slice(1)).toEqual([{ acknowledged: 3, of: 3, met: true }]);
  expect(time.pending).toBe(0);
});

test("after its time it is told how things stand", () => {
  const { wait, told, reach, time } = setUp([0, 0]);
  wait(1, 2, 250);
  reach(0, 1);
  time.advance(249);
  expect(told).toEqual([]);
  time.advance(1);
  expect(told).toEqual([{ acknowledged: 1, of: 2, met: false }]);
  reach(1, 1);
  time.advance(10_000);
  expect(told.length).toBe(1);
});

test("who did not take a record does not count, whatever it acknowledges afterwards, for what was written before", () => {
  const { wait, told, reach, waiters, members, time } = setUp([0, 0]);
  wait(1, 2);
  members[0]!.refusedChanges = 1;
  wait(2, 2);
  reach(0, 2);
  reach(1, 2);
  expect(told).toEqual([{ acknowledged: 2, of: 2, met: true }]);
  expect([waiters.acknowledged(1), waiters.acknowledged(2)]).toEqual([1, 2]);
  time.advance(1_000);
  expect(told[1]).toEqual({ acknowledged: 1, of: 2, met: false });
});

test("a peer that leaves is no longer waited for, one that comes is", () => {
  const { wait, told, setMembers, members, reach } = setUp([0, 0]);
  wait(1, Infinity);
  const newcomer = memberWith(0);
  setMembers([...members, newcomer]);
  reach(0, 1);
  reach(1, 1);
  expect(told).toEqual([]);
  setMembers(members.filter((member) => member !== newcomer));
  expect(told).toEqual([{ acknowledged: 2, of: 2, met: true }]);
});

test("who gives up is not called, and leaves no timer", () => {
  const { wait, told, time, reach } = setUp([0]);
  const cancel = wait(1, 1);
  cancel();
  cancel();
  expect(time.pending).toBe(0);
  reach(0, 1);
  expect(told).toEqual([]);
});

test("of more than 65,536 waiters the rest is told at once how things stand", () => {
  let timers = 0;
  const waiters = createWaiters({ timers: { after: () => (timers++, () => timers--) }, members: () => [memberWith(0)] });
  let told = 0;
  for (let i = 0; i < 65_536; i++) waiters.wait(1, 1, 1_000, () => told++);
  expect([told, timers]).toEqual([0, 65_536]);
  waiters.wait(1, 1, 1_000, (answer) => {
    told++;
    expect(answer).toEqual({ acknowledged: 0, of: 1, met: false });
  });
  expect([told, timers]).toEqual([1, 65_536]);
});

test("everybody is told exactly once, never too much, and in time", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("wait" as const), a: fc.nat(20), b: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ do: fc.constant("reach" as const), a: fc.nat(3), b: fc.nat(20) }),
    fc.record({ do: fc.constant("come" as const), a: fc.nat(3), b: fc.nat(20) }),
    fc.record({ do: fc.constant("go" as const), a: fc.nat(3), b: fc.nat(20) }),
    fc.record({ do: fc.constant("refuse" as const), a: fc.nat(3), b: fc.nat(20) }),
    fc.record({ do: fc.constant("pass" as const), a: fc.nat(300), b: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const time = manualTime();
      let members = [memberWith(0)];
      const waiters = createWaiters({ timers: time, members: () => members });
      const open = new Map<number, { until: number }>();
      steps.forEach(({ do: what, a, b }, i) => {
        const member = members[a % Math.max(1, members.length)];
        if (what === "wait") {
          open.set(i, { until: time.monotonic() + 500 });
          waiters.wait(a, b, 500, ({ acknowledged, of, met }) => {
            expect(open.delete(i)).toBe(true);
            expect(of).toBe(members.length);
            expect(acknowledged).toBe(members.filter((each) => each.ackedChanges >= a && each.refusedChanges < a).length);
            expect(met).toBe(acknowledged >= Math.min(b, of));
          });
        } else if (what === "reach" && member) member.ackedChanges = Math.max(member.ackedChanges, b);
        else if (what === "come" && members.length < 5) members = [...members, memberWith(0)];
        else if (what === "go") members = members.filter((each) => each !== member);
        else if (what === "refuse" && member) member.refusedChanges = b;
        else if (what === "pass") time.advance(a);
        waiters.check();
        for (const { until } of open.values()) expect(until).toBeGreaterThan(time.monotonic());
      });
      time.advance(500);
      expect([open.size, time.pending]).toEqual([0, 0]);
    }),
    { numRuns: 1_000 },
  );
});
