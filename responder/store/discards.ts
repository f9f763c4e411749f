// Large tables that are no longer used: the system takes milliseconds to take back tens of megabytes, so they go one at a time.

export class Discards {
  /** Accounted until it has gone back. */
  bytes = 0;
  private readonly waiting: { memory: ArrayBuffer; bytes: number }[] = [];

  /** `bytes`: how much of it was ever touched. */
  add(memory: ArrayBuffer, bytes: number): void {
    this.waiting.push({ memory, bytes });
    this.bytes += bytes;
  }

  /** Gives one back. false: none waits. */
  release(): boolean {
    const one = this.waiting.pop();
    if (!one) return false;
    one.memory.transfer(0);
    this.bytes -= one.bytes;
    return true;
  }
}
