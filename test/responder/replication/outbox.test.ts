// Records on their way: numbers, the window, and what an acknowledgement proves.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createBacklog } from "../../../responder/replication/backlog.ts";
import { createOutbox, windowRecords } from "../../../responder/replication/outbox.ts";
import { randomFrom } from "../store/random.ts";

const setUp = () => {
  const backlog = createBacklog();
  const outbox = createOutbox(backlog);
  /** Sends what is dirty, as far as the window goes. */
  const flush = () => {
    for (let slot = outbox.isFull ? -1 : backlog.take(); slot >= 0; slot = outbox.isFull ? -1 : backlog.take()) outbox.push(slot);
  };
  return { backlog, outbox, flush };
};

test("the window ends what may be sent, and an acknowledgement opens it again", () => {
  const { backlog, outbox, flush } = setUp();
  for (let slot = 0; slot < windowRecords + 10; slot++) backlog.mark(slot);
  flush();
  expect([outbox.sent, outbox.isFull, backlog.dirty]).toEqual([windowRecords, true, 10]);
  expect(outbox.acknowledge(4)).toBe(true);
  flush();
  expect([outbox.sent, outbox.isFull, backlog.dirty, backlog.sent]).toEqual([windowRecords + 4, true, 6, windowRecords]);
});

test("an acknowledgement of what was never sent is told, and changes nothing", () => {
  const { backlog, outbox, flush } = setUp();
  backlog.mark(1);
  flush();
  expect(outbox.acknowledge(2)).toBe(false);
  expect(backlog.sent).toBe(1);
  expect(outbox.acknowledge(1)).toBe(true);
  expect(backlog.sent).toBe(0);
  // an older one comes late
  expect(outbox.acknowledge(0)).toBe(true);
  expect(outbox.acknowledge(1)).toBe(true);
});

test("a change counts as arrived only when everything that was dirty with it has", () => {
  const { backlog, outbox, flush } = setUp();
  backlog.mark(1);
  backlog.mark(2);
  flush();
  outbox.clean(2, 20);
  backlog.mark(3);
  flush();
  outbox.clean(3, 30);
  outbox.acknowledge(1);
  expect(outbox.reached).toMatchObject({ changes: 0, ms: 0 });
  outbox.acknowledge(2);
  expect(outbox.reached).toMatchObject({ changes: 2, ms: 20 });
  outbox.acknowledge(3);
  expect(outbox.reached).toMatchObject({ changes: 3, ms: 30 });
});

test("with nothing on its way, what is clean has arrived at once; what was reached never goes back", () => {
  const { outbox } = setUp();
  outbox.clean(5, 50);
  expect(outbox.reached).toMatchObject({ changes: 5, ms: 50 });
  outbox.clean(4, 40);
  expect(outbox.reached).toMatchObject({ changes: 5, ms: 50 });
});

test("a record that was not taken voids the marks behind it, and its slot is known until it is acknowledged", () => {
  const { backlog, outbox, flush } = setUp();
  backlog.mark(8);
  backlog.mark(9);
  flush();
  outbox.push(-1);
  outbox.clean(2, 20);
  expect([0, 1, 2, 3, 4].map((number) => outbox.slotOf(number))).toEqual([-1, 8, 9, -1, -1]);
  outbox.void();
  outbox.acknowledge(3);
  expect(outbox.reached).toMatchObject({ changes: 0, ms: 0 });
  expect([1, 2, 3].map((number) => outbox.slotOf(number))).toEqual([-1, -1, -1]);
});

test("what was on its way when the connection ended is dirty again, but not what was flushed with everything else", () => {
  const { backlog, outbox, flush } = setUp();
  for (const slot of [1, 2, 3]) backlog.mark(slot);
  flush();
  outbox.acknowledge(1);
  outbox.lost();
  expect([backlog.dirty, backlog.sent, backlog.isPending(1), backlog.isPending(2)]).toEqual([2, 0, false, true]);
  const next = createOutbox(backlog);
  for (let slot = backlog.take(); slot >= 0; slot = backlog.take()) next.push(slot);
  backlog.clear();
  next.cleared();
  next.lost();
  expect([backlog.dirty, backlog.sent]).toEqual([0, 0]);
});

/** A peer that takes records in order and says so now and then, over connections that end. Changes are numbered as the store numbers them. */
const play = (seed: number) => {
  const random = randomFrom(seed);
  const backlog = createBacklog();
  let outbox = createOutbox(backlog);
  /** By slot: the last change of it, at the writer and at the peer. */
  const written = new Map<number, number>();
  const arrived = new Map<number, number>();
  /** On the wire. */
  let wire: { slot: number; change: number; number: number }[] = [];
  let changes = 0;
  let most = 0;
  /** Records that came, by the number of the last. */
  let dealt = 0;
  for (let n = 0; n < 20_000; n++) {
    const dice = random(100);
    const slot = random(200);
    if (dice < 40) {
      written.set(slot, ++changes);
      backlog.mark(slot);
    } else if (dice < 55) {
      for (let count = random(30); count > 0 && !outbox.isFull; count--) {
        const taken = backlog.take();
        if (taken < 0) break;
        outbox.push(taken);
        wire.push({ slot: taken, change: written.get(taken)!, number: outbox.sent });
      }
      if (backlog.dirty === 0) outbox.clean(changes, changes);
    } else if (dice < 90) {
      for (const record of wire.splice(0, random(wire.length + 1))) {
        dealt = record.number;
        // a clock that is too far ahead, once in a while
        if (random(200) === 0) {
          outbox.void();
          if (outbox.slotOf(record.number) >= 0) backlog.mark(record.slot);
        } else arrived.set(record.slot, record.change);
      }
      if (random(2) && !outbox.acknowledge(dealt)) throw new Error("it does not know its own number");
      if (backlog.dirty === 0) outbox.clean(changes, changes);
    } else if (dice === 99) {
      outbox.lost();
      outbox = createOutbox(backlog);
      wire = [];
      dealt = 0;
    }
    if (outbox.reached.changes > changes) throw new Error("what was never written has arrived");
    // the promise: every slot whose last change is that old is at the peer
    if (outbox.reached.changes > most) {
      most = outbox.reached.changes;
      for (const [each, change] of written) if (change <= most && arrived.get(each) !== change) throw new Error(`change ${change} of slot ${each} counts as arrived, with ${arrived.get(each)} there`);
    }
    if (backlog.sent > windowRecords) throw new Error(`${backlog.sent} are on their way`);
  }
  return most;
};

test("what counts as arrived has arrived, whatever is written meanwhile and however often the connection ends", () => {
  let most = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      most = Math.max(most, play(seed));
    }),
    { numRuns: 5 },
  );
  expect(most).toBeGreaterThan(100);
});
