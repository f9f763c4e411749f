// Who belongs: states, their reasons, and what is believed of those that are gone.
import fc from "fast-check";
import { expect, test } from "vitest";
import { memberId, type Identity } from "../../../responder/peers/identity.ts";
import { createMembership, type MemberState } from "../../../responder/peers/membership.ts";
import { manualTime } from "../../support/manual-time.ts";

const identity = (uid: string, boot = "1", node = uid.charCodeAt(0)): Identity => ({ uid, boot: boot.padStart(16, "0"), node, host: `host of ${uid}`, port: 7946 });
const self = identity("self");

const setUp = () => {
  const time = manualTime();
  const listed = new Set<string>();
  const changes: string[] = [];
  const membership = createMembership({
    self: () => self,
    now: time.monotonic,
    isListed: ({ host }) => listed.has(host),
    onChange: (member, before) => changes.push(`${member.identity.uid}: ${before ?? "new"} -> ${member.state} (${member.reason})`),
  });
  /** Lets time pass as the process does, which checks twice a second. */
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      time.advance(Math.min(left, 500));
      membership.check();
    }
  };
  return { time, listed, changes, membership, pass };
};

test("who proves itself has joined; who is silent for three heartbeats is suspected, and joins again with its first word", () => {
  const { membership, changes, pass } = setUp();
  const a = membership.meet(identity("a"))!;
  expect([a.state, a.reason, a.phase, membership.find(a.id) === a, membership.byNode(a.identity.node) === a]).toEqual(["joined", "handshake", "warming", true, true]);
  pass(3_500);
  expect(a.state).toBe("joined");
  pass(500);
  expect([a.state, a.reason]).toEqual(["suspected", "silent"]);
  expect(membership.members).toEqual([a]);
  membership.heard(a);
  expect(changes).toEqual(["a: new -> joined (handshake)", "a: joined -> suspected (silent)", "a: suspected -> joined (handshake)"]);
});

test("who is suspected and meets us again is the same member, with what it lacks and where it says it is", () => {
  const { membership, pass } = setUp();
  const a = membership.meet(identity("a"))!;
  a.backlog.mark(5);
  pass(10_000);
  const moved = { ...identity("a"), host: "elsewhere", node: 99 };
  expect(membership.meet(moved)).toBe(a);
  expect([a.state, a.identity.host, a.backlog.dirty, membership.byNode(99) === a]).toEqual(["joined", "elsewhere", 1, true]);
});

test("gone: silent for a minute and unknown to discovery; as long as that lists it, it is waited for", () => {
  const { membership, listed, changes, pass } = setUp();
  const a = membership.meet(identity("a"))!;
  listed.add(a.identity.host);
  pass(3_600_000);
  expect(a.state).toBe("suspected");
  listed.clear();
  pass(500);
  expect([a.state, membership.members.length, membership.find(a.id), membership.hasLeft(a.id)]).toEqual(["left", 0, undefined, true]);
  expect(changes.at(-1)).toBe("a: suspected -> left (gone)");
  const b = membership.meet(identity("b"))!;
  pass(60_000);
  expect(b.state).toBe("suspected");
  pass(500);
  expect([b.state, b.reason]).toEqual(["left", "gone"]);
});

test("a pod that has started again is somebody else, and its former start has left", () => {
  const { membership, changes } = setUp();
  const before = membership.meet(identity("a", "1"))!;
  const other = membership.meet(identity("b", "1"))!;
  const after = membership.meet(identity("a", "2"))!;
  expect(membership.members).toEqual([other, after]);
  expect([before.state, before.reason, after.isReconciled, after.ackedChanges]).toEqual(["left", "replaced", false, 0]);
  expect(changes).toContain("a: joined -> left (replaced)");
  // its old connection may still bring something
  expect(membership.meet(identity("a", "1"))).toBeUndefined();
  expect(membership.members).toEqual([other, after]);
});

test("who has said good-bye is not let in again, nor believed when others speak of it, for a minute", () => {
  const { membership, changes, pass } = setUp();
  const a = membership.meet(identity("a"))!;
  membership.leave(a, "leave");
  membership.leave(a, "leave");
  expect(changes).toEqual(["a: new -> joined (handshake)", "a: joined -> left (leave)"]);
  expect([membership.hasLeft(a.id), membership.meet(identity("a"))]).toEqual([true, undefined]);
  pass(60_000);
  expect(membership.hasLeft(a.id)).toBe(true);
  pass(500);
  expect(membership.hasLeft(a.id)).toBe(false);
  const again = membership.meet(identity("a"))!;
  expect([again === a, again.state, again.backlog.dirty]).toEqual([false, "joined", 0]);
});

test("we are no member of ourselves", () => {
  const { membership, changes } = setUp();
  expect(membership.meet(self)).toBeUndefined();
  expect(changes).toEqual([]);
});

test("of those that left, the last 256 names are remembered", () => {
  const { membership } = setUp();
  const ids = Array.from({ length: 300 }, (_, i) => membership.meet(identity(`pod ${i}`))!).map((member) => {
    membership.leave(member, "leave");
    return member.id;
  });
  expect(ids.map((id) => membership.hasLeft(id))).toEqual(ids.map((_, i) => i >= 300 - 256));
});

test("one member a pod, its state never jumps, and each change is told once", () => {
  const uids = ["a", "b", "c"];
  const step = fc.record({ do: fc.constantFrom("meet", "meet", "heard", "leave", "pass", "list"), uid: fc.constantFrom(...uids, "self"), boot: fc.constantFrom("1", "2", "3"), ms: fc.nat(70_000), listed: fc.subarray(uids) });
  const allowed: Record<string, readonly MemberState[]> = { new: ["joined"], joined: ["suspected", "left"], suspected: ["joined", "left"], left: [] };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const time = manualTime();
      const states = new Map<object, MemberState>();
      let listed: readonly string[] = [];
      const membership = createMembership({
        self: () => self,
        now: time.monotonic,
        isListed: ({ uid }) => listed.includes(uid),
        onChange: (member, before) => {
          expect(states.get(member)).toBe(before);
          expect(allowed[before ?? "new"]).toContain(member.state);
          states.set(member, member.state);
        },
      });
      for (const { do: what, uid, boot, ms, listed: next } of steps) {
        const given = identity(uid, boot);
        const known = membership.members.find((member) => member.identity.uid === uid);
        if (what === "meet") {
          const met = membership.meet(given);
          expect(met === undefined).toBe(memberId(given) === memberId(self) || membership.hasLeft(memberId(given)));
        } else if (what === "heard" && known) membership.heard(known);
        else if (what === "leave" && known) membership.leave(known, "leave");
        else if (what === "list") listed = next;
        else if (what === "pass") {
          time.advance(ms);
          membership.check();
        }
        const { members } = membership;
        expect(new Set(members.map((member) => member.identity.uid)).size).toBe(members.length);
        for (const member of members) {
          expect(member.state).not.toBe("left");
          expect([states.get(member), membership.find(member.id), membership.hasLeft(member.id)]).toEqual([member.state, member, false]);
          if (what === "pass") expect(member.state === "suspected").toBe(time.monotonic() - member.heardAt > 3_500);
          if (what === "pass" && time.monotonic() - member.heardAt > 60_000) expect(listed).toContain(member.identity.uid);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
