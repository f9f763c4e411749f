// The arguments of one command: ranges of the buffer that they arrived in, so that reading a command makes no objects.

/** Filled by the parser again and again; what must outlive the command is copied. */
export class Args {
  count = 0;
  data: Buffer = Buffer.alloc(0);
  from: Int32Array = new Int32Array(64);
  to: Int32Array = new Int32Array(64);
  /** Large arguments that were collected in buffers of their own, by index. */
  own: (Buffer | undefined)[] | undefined = undefined;

  buffer(i: number): Buffer {
    return this.own === undefined ? this.data : (this.own[i] ?? this.data);
  }

  bytes(i: number): number {
    return (this.to[i] as number) - (this.from[i] as number);
  }

  /** For room up to `count` arguments. */
  grow(count: number): void {
    if (count <= this.from.length) return;
    const room = 2 ** Math.ceil(Math.log2(count));
    const from = new Int32Array(room);
    from.set(this.from);
    const to = new Int32Array(room);
    to.set(this.to);
    this.from = from;
    this.to = to;
  }

  text(i: number): string {
    return this.buffer(i).toString("utf8", this.from[i] as number, this.to[i] as number);
  }

  /** Lower case, for options and names, which are ASCII. */
  word(i: number): string {
    return this.buffer(i).toString("latin1", this.from[i] as number, Math.min(this.to[i] as number, (this.from[i] as number) + 64)).toLowerCase();
  }

  /** For errors: the bytes as they are, one character each, up to a zero, as C shows them. */
  shown(i: number, atMost = 65_536): string {
    const text = this.buffer(i).toString("latin1", this.from[i] as number, Math.min(this.to[i] as number, (this.from[i] as number) + atMost));
    const zero = text.indexOf("\0");
    return zero < 0 ? text : text.slice(0, zero);
  }

  /** A copy. */
  copy(i: number): Buffer {
    return Buffer.from(this.buffer(i).subarray(this.from[i] as number, this.to[i] as number));
  }

  /** The store has taken the buffer of this argument over. */
  adopted(i: number): void {
    if (this.own) this.own[i] = undefined;
  }
}
