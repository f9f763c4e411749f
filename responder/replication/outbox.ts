// What is on its way to one peer: records numbered in their order, until their acknowledgement.
import type { Backlog } from "./backlog.ts";

/** Records on their way at once. */
export const windowRecords = 8_192;

/** At this record everything had been sent: the local change and the milliseconds of versions that it stands for. */
interface Mark {
  number: number;
  changes: number;
  ms: number;
}

export interface Outbox {
  readonly isFull: boolean;
  /** Number of the last record sent. */
  readonly sent: number;
  /** The slot's record goes out now; -1: one that belongs to no slot. */
  push(slot: number): void;
  /** Nothing more is to be sent: when all that is on its way has arrived, so have all local changes up to these. */
  clean(changes: number, ms: number): void;
  /** Everything up to this number has been dealt with. false: no such number can be. */
  acknowledge(number: number): boolean;
  /** Something on its way was not taken: its arrival says nothing. */
  void(): void;
  /** The slot of a record on its way; -1: it has none, or is not. */
  slotOf(number: number): number;
  /** The connection has ended: what was on its way is to be sent again. */
  lost(): void;
  /** All slots were given back. */
  cleared(): void;
  /** What has been acknowledged for sure. */
  readonly reached: Mark;
}

export const createOutbox = (backlog: Backlog): Outbox => {
  const slots = new Int32Array(windowRecords);
  const marks: Mark[] = [];
  const reached: Mark = { number: 0, changes: 0, ms: 0 };
  let sent = 0;
  let acknowledged = 0;
  const reach = ({ changes, ms }: Mark) => {
    reached.changes = Math.max(reached.changes, changes);
    reached.ms = Math.max(reached.ms, ms);
  };
  return {
    get isFull() {
      return sent - acknowledged === windowRecords;
    },
    get sent() {
      return sent;
    },
    reached,
    push: (slot) => void (slots[sent++ % windowRecords] = slot),
    clean: (changes, ms) => {
      const mark = { number: sent, changes, ms };
      if (sent === acknowledged) return reach(mark);
      if (marks.at(-1)?.number === sent) marks.pop();
      marks.push(mark);
    },
    acknowledge: (number) => {
      if (number > sent) return false;
      for (; acknowledged < number; acknowledged++) {
        const slot = slots[acknowledged % windowRecords]!;
        if (slot >= 0) backlog.acknowledged(slot);
      }
      while (marks.length > 0 && marks[0]!.number <= number) reach(marks.shift()!);
      return true;
    },
    void: () => void (marks.length = 0),
    slotOf: (number) => (number > acknowledged && number <= sent ? slots[(number - 1) % windowRecords]! : -1),
    lost: () => {
      for (; acknowledged < sent; acknowledged++) {
        const slot = slots[acknowledged % windowRecords]!;
        if (slot >= 0) backlog.lost(slot);
      }
      marks.length = 0;
    },
    cleared: () => void slots.fill(-1),
  };
};
