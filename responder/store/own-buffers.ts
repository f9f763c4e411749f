// Large values, each in a buffer of its own whose memory goes back at once: adopted or copied, borrowed while it is being sent.
import type { BorrowedValue } from "./types.ts";

/** malloc's header, the JavaScript objects, and whole pages of memory. */
const overheadBytes = 512;
export const accountedOwnBytes = (valueBytes: number): number => (valueBytes + overheadBytes + 4095) & -4096;

interface Own {
  readonly bytes: Buffer;
  borrowers: number;
  gone: boolean;
}

const giveBack = (buffer: Buffer) => void (buffer.buffer as ArrayBuffer).transfer(0);

/**
 * `bytes` counts what entries hold and what `drop` has not given back yet. A value that is still borrowed when its entry goes is not counted any more:
 * it belongs to the connection that sends it.
 */
export class OwnBuffers {
  bytes = 0;
  private readonly values = new Map<number, Own>();
  /** Made here and not put yet. Weak: who forgets to free leaves it to the garbage collector. */
  private readonly allocated = new WeakSet<object>();
  private doomed: Own[] = [];

  allocate(bytes: number): Buffer {
    const memory = new ArrayBuffer(bytes);
    this.allocated.add(memory);
    return Buffer.from(memory);
  }

  free(buffer: Buffer): void {
    if (this.allocated.delete(buffer.buffer)) giveBack(buffer);
  }

  /** Whether the range is all of a buffer that was made here. */
  adopts(value: Buffer, from: number, to: number): boolean {
    return from === 0 && to === value.buffer.byteLength && this.allocated.has(value.buffer);
  }

  keep(slot: number, value: Buffer, from: number, to: number): void {
    let bytes = value;
    if (this.adopts(value, from, to)) this.allocated.delete(value.buffer);
    else {
      bytes = Buffer.from(new ArrayBuffer(to - from));
      value.copy(bytes, 0, from, to);
    }
    this.values.set(slot, { bytes, borrowers: 0, gone: false });
    this.bytes += accountedOwnBytes(to - from);
  }

  get(slot: number): Buffer {
    return this.values.get(slot)!.bytes;
  }

  borrow(slot: number): BorrowedValue {
    const own = this.values.get(slot)!;
    own.borrowers++;
    let isBorrowed = true;
    return {
      bytes: own.bytes,
      release: () => {
        if (!isBorrowed) return;
        isBorrowed = false;
        if (--own.borrowers === 0 && own.gone) giveBack(own.bytes);
      },
    };
  }

  remove(slot: number): void {
    const own = this.values.get(slot)!;
    this.values.delete(slot);
    this.bytes -= accountedOwnBytes(own.bytes.length);
    own.gone = true;
    if (own.borrowers === 0) giveBack(own.bytes);
  }

  /** Takes all values away, their memory goes back bit by bit. */
  drop(): void {
    for (const own of this.values.values()) this.doomed.push(own);
    this.values.clear();
  }

  /** Gives one dropped value back. */
  reap(): boolean {
    const own = this.doomed.pop();
    if (!own) return false;
    this.bytes -= accountedOwnBytes(own.bytes.length);
    own.gone = true;
    if (own.borrowers === 0) giveBack(own.bytes);
    return true;
  }
}
