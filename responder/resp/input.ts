// Commands that have not arrived in full: their bytes, and large arguments in buffers of the store.
import type { Store } from "../store/types.ts";
import type { Budget } from "./commands/command.ts";

const nothing = Buffer.alloc(0);

/** What is kept of one unfinished command. Everything is taken from the budget, and given back by `clear`. */
export class Input {
  /** Large arguments by index; what was refused is an empty buffer. */
  own: (Buffer | undefined)[] | undefined = undefined;
  /** Bytes without which the command cannot be complete. */
  needed = 0;
  length = 0;
  private carry = nothing;
  private taken = 0;
  private collecting: Buffer | undefined = undefined;
  private filled = 0;
  private left = 0;
  private readonly store: Store;
  private readonly budget: Budget;

  constructor(store: Store, budget: Budget) {
    this.store = store;
    this.budget = budget;
  }

  /** false: the budget is used up. */
  append(bytes: Buffer): boolean {
    const length = this.length + bytes.length;
    if (length > this.carry.length) {
      const room = Math.max(length, Math.min(2 * this.carry.length, this.needed));
      if (!this.take(room - this.carry.length)) return false;
      const larger = Buffer.allocUnsafeSlow(room);
      this.carry.copy(larger, 0, 0, this.length);
      this.carry = larger;
    }
    bytes.copy(this.carry, this.length);
    this.length = length;
    return true;
  }

  /** What was appended; it is forgotten here. */
  takeOut(): Buffer {
    const bytes = this.carry.subarray(0, this.length);
    this.give(this.carry.length);
    this.carry = nothing;
    this.length = 0;
    return bytes;
  }

  /** From now on the next `bytes` belong to argument `i`. `refused`: they are thrown away. false: the budget is used up. */
  collect(i: number, bytes: number, refused: boolean): boolean {
    this.own ??= [];
    this.own[i] = nothing;
    this.left = bytes;
    this.filled = 0;
    if (refused) return true;
    if (!this.take(bytes)) return false;
    this.collecting = this.store.allocate(bytes);
    this.own[i] = this.collecting;
    return true;
  }

  /** Takes what belongs to the argument that is being collected; answers how many bytes. */
  fill(chunk: Buffer, from: number): number {
    const count = Math.min(this.left, chunk.length - from);
    this.collecting?.set(chunk.subarray(from, from + count), this.filled);
    this.filled += count;
    this.left -= count;
    if (this.left === 0) this.collecting = undefined;
    return count;
  }

  get isCollecting(): boolean {
    return this.left > 0;
  }

  /** Bytes that are held, beyond the heap too. */
  get held(): number {
    return this.taken;
  }

  /** The command is over: large arguments that nobody took are freed. `own`: what is left of them. */
  release(own: (Buffer | undefined)[] | undefined): void {
    for (const buffer of own ?? []) if (buffer !== undefined && buffer.length > 0) this.store.free(buffer);
    this.own = undefined;
    this.collecting = undefined;
    this.left = 0;
    this.give(this.taken - this.carry.length);
  }

  clear(): void {
    this.release(this.own);
    this.takeOut();
  }

  private take(bytes: number): boolean {
    if (!this.budget.take(bytes)) return false;
    this.taken += bytes;
    return true;
  }

  private give(bytes: number): void {
    this.budget.give(bytes);
    this.taken -= bytes;
  }
}
