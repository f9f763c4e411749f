// Writes replies of either protocol version into one buffer, which is used again as soon as the socket has taken it.
import type { BorrowedValue } from "../store/types.ts";

const cr = 0x0d;
const lf = 0x0a;
const minus = 0x2d;
const initialBytes = 128 * 1024;
/** Doubling ends here: large replies grow by so much at a time. */
const growthBytes = 4 * 2 ** 20;

/** A value that goes out between the bytes before `at` and those after, without being copied. */
export interface Insert {
  readonly at: number;
  readonly value: BorrowedValue;
}

const literal = (text: string) => Buffer.from(text, "latin1");
const ok = literal("+OK\r\n");
const pong = literal("+PONG\r\n");
const queued = literal("+QUEUED\r\n");
const nil2 = literal("$-1\r\n");
const nil3 = literal("_\r\n");

export class Reply {
  bytes = Buffer.allocUnsafeSlow(initialBytes);
  length = 0;
  protocol: 2 | 3 = 2;
  /** Whether the command that runs has answered with an error. */
  failed = false;
  inserts: Insert[] = [];
  insertedBytes = 0;

  /** Room for so many bytes more. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const room = this.bytes.length + Math.min(this.bytes.length, growthBytes);
    const larger = Buffer.allocUnsafeSlow(Math.max(room, this.length + bytes));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  private literal(bytes: Buffer): void {
    const { length } = bytes;
    this.reserve(length);
    const target = this.bytes;
    let at = this.length;
    for (let i = 0; i < length; i++) target[at++] = bytes[i] as number;
    this.length = at;
  }

  ok(): void {
    this.literal(ok);
  }

  pong(): void {
    this.literal(pong);
  }

  queued(): void {
    this.literal(queued);
  }

  nil(): void {
    this.literal(this.protocol === 2 ? nil2 : nil3);
  }

  /** A simple string: ASCII without line ends. */
  simple(text: string): void {
    this.reserve(text.length + 3);
    this.bytes[this.length++] = 0x2b;
    this.length += this.bytes.write(text, this.length, "latin1");
    this.crlf();
  }

  /** `text` begins with the error's code; line ends in it become spaces, and each character is one byte. */
  error(text: string): void {
    this.failed = true;
    const line = text.replaceAll(/[\r\n]/g, " ");
    this.reserve(line.length + 3);
    this.bytes[this.length++] = minus;
    this.length += this.bytes.write(line, this.length, "latin1");
    this.crlf();
  }

  integer(value: number): void {
    this.header(0x3a, value);
  }

  /** Integers that a double does not hold. */
  bigInteger(value: bigint): void {
    this.simpleOf(0x3a, String(value));
  }

  private simpleOf(type: number, text: string): void {
    this.reserve(text.length + 3);
    this.bytes[this.length++] = type;
    this.length += this.bytes.write(text, this.length, "latin1");
    this.crlf();
  }

  /** RESP2 has no doubles and sends the digits as a string. */
  double(text: string): void {
    if (this.protocol === 2) this.text(text);
    else this.simpleOf(0x2c, text);
  }

  array(count: number): void {
    this.header(0x2a, count);
  }

  /** `pairs` keys and values follow. */
  map(pairs: number): void {
    if (this.protocol === 2) this.header(0x2a, pairs * 2);
    else this.header(0x25, pairs);
  }

  set(count: number): void {
    this.header(this.protocol === 2 ? 0x2a : 0x7e, count);
  }

  bulk(source: Buffer, from = 0, to = source.length): void {
    const count = to - from;
    this.bulkHeader(count);
    source.copy(this.bytes, this.length, from, to);
    this.length += count;
    this.crlf();
  }

  /** Bytes that are replies already. */
  raw(source: Buffer): void {
    this.reserve(source.length);
    this.length += source.copy(this.bytes, this.length);
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.bulkHeader(bytes);
    this.length += this.bytes.write(value, this.length, "utf8");
    this.crlf();
  }

  /** Human-readable text, of which RESP3 clients are told that it is such. */
  verbatim(value: string): void {
    if (this.protocol === 2) return this.text(value);
    const bytes = Buffer.byteLength(value) + 4;
    this.reserve(bytes + 24);
    this.header(0x3d, bytes);
    this.length += this.bytes.write("txt:", this.length, "latin1");
    this.length += this.bytes.write(value, this.length, "utf8");
    this.crlf();
  }

  /** After it exactly `count` bytes are to be written at `length`, and then `crlf`; there is room. */
  bulkHeader(count: number): void {
    this.reserve(count + 24);
    this.header(0x24, count);
  }

  /** The value goes out as it is, and is released when it has left. */
  borrowed(value: BorrowedValue): void {
    const { length } = value.bytes;
    this.reserve(26);
    this.header(0x24, length);
    this.inserts.push({ at: this.length, value });
    this.insertedBytes += length;
    this.crlf();
  }

  crlf(): void {
    this.bytes[this.length] = cr;
    this.bytes[this.length + 1] = lf;
    this.length += 2;
  }

  private header(type: number, value: number): void {
    this.reserve(24);
    const target = this.bytes;
    let at = this.length;
    target[at++] = type;
    if (value >= 0 && value < 10) {
      target[at++] = 0x30 + value;
    } else if (value >= 0 && value <= 0x7fff_ffff) {
      let digits = 1;
      for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
      let p = at + digits;
      at = p;
      for (let rest = value | 0; digits > 0; digits--) {
        const tenth = (rest / 10) | 0;
        target[--p] = 0x30 + (rest - tenth * 10);
        rest = tenth;
      }
    } else {
      at += target.write(String(value), at, "latin1");
    }
    target[at] = cr;
    target[at + 1] = lf;
    this.length = at + 2;
  }

  /** Bytes that would go out now. */
  size(): number {
    return this.length + this.insertedBytes;
  }

  /** Takes back what was written after `length`, for clients that want no reply. */
  truncate(length: number): void {
    this.length = length;
    while ((this.inserts.at(-1)?.at ?? -1) >= length) {
      const insert = this.inserts.pop();
      this.insertedBytes -= insert?.value.bytes.length ?? 0;
      insert?.value.release();
    }
  }

  /** Takes back what lies between two lengths; after it there are no inserts. */
  drop(from: number, to: number): void {
    const { length } = this;
    this.bytes.copyWithin(from, to, length);
    this.truncate(from);
    this.length = from + length - to;
  }

  /** Forgets what was written: nobody will read it. */
  discard(): void {
    this.truncate(0);
    this.reset();
  }

  /** Begins anew; the buffer may be written over. */
  reset(): void {
    this.length = 0;
    this.inserts = [];
    this.insertedBytes = 0;
    if (this.bytes.length > initialBytes) this.bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Begins anew with another buffer: somebody still reads this one. */
  detach(): void {
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.reset();
  }
}
