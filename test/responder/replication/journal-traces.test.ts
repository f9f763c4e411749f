// Which records carry a trace: those of the first slots that a span writes, and of no write beside it.
import { expect, test } from "vitest";
import type { Member } from "../../../responder/peers/membership.ts";
import { createBacklog } from "../../../responder/replication/backlog.ts";
import { createJournal, type JournalParts } from "../../../responder/replication/journal.ts";

const span = { traceId: "a".repeat(32), spanId: "b".repeat(16) };

const open = () => {
  const member = { backlog: createBacklog() } as Member;
  const journal = createJournal();
  journal.attach({ members: { members: [member] }, senders: () => [], wake: () => {}, now: () => 5 } as unknown as JournalParts);
  const traced = (slots: number) => Array.from({ length: slots }, (_, slot) => slot).filter((slot) => member.backlog.takeTrace(slot));
  return { journal, traced };
};

test("a batch of a thousand writes is eight spans at each peer", () => {
  const { journal, traced } = open();
  journal.within(span, () => Array.from({ length: 1_000 }, (_, slot) => journal.changed(slot)));
  expect(traced(1_000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test("what is written beside the span, or after it has failed, is not of it", () => {
  const { journal, traced } = open();
  journal.changed(0);
  expect(() =>
    journal.within(span, () => {
      journal.changed(1);
      throw new Error("no");
    }),
  ).toThrow("no");
  journal.changed(2);
  journal.within(undefined, () => journal.changed(3));
  journal.within(span, () => journal.changed(4));
  expect(traced(10)).toEqual([1, 4]);
});
