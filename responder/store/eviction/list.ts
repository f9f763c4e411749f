// Slots in an order of their own, linked through the columns: a slot is in one list at most.
import { hotNext, hotPrev, hotWords, type Columns } from "../columns.ts";

const none = -1;

export class SlotList {
  head = none;
  tail = none;
  private readonly columns: Columns;

  constructor(columns: Columns) {
    this.columns = columns;
  }

  /** The slot before this one, towards the head; -1: it is the head. */
  before(slot: number): number {
    return this.columns.hot[slot * hotWords + hotPrev]!;
  }

  pushFront(slot: number): void {
    const { hot } = this.columns;
    const head = this.head;
    hot[slot * hotWords + hotPrev] = none;
    hot[slot * hotWords + hotNext] = head;
    if (head === none) this.tail = slot;
    else hot[head * hotWords + hotPrev] = slot;
    this.head = slot;
  }

  remove(slot: number): void {
    const { hot } = this.columns;
    const prev = hot[slot * hotWords + hotPrev]!;
    const next = hot[slot * hotWords + hotNext]!;
    if (prev === none) this.head = next;
    else hot[prev * hotWords + hotNext] = next;
    if (next === none) this.tail = prev;
    else hot[next * hotWords + hotPrev] = prev;
  }

  moveToFront(slot: number): void {
    if (this.head === slot) return;
    this.remove(slot);
    this.pushFront(slot);
  }

  clear(): void {
    this.head = none;
    this.tail = none;
  }
}
