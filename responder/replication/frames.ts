// The frames of the protocol: their types, and how a stream of bytes becomes frames. docs/replication-protocol.md is the specification.
import { FrameError } from "./wire.ts";

export const protocolVersion = 1;

/** Each frame: length of what follows (u32), type (u8), payload. */
export const frameType = {
  hello: 1,
  challenge: 2,
  proof: 3,
  ready: 4,
  refused: 5,
  value: 16,
  deleted: 17,
  evicted: 18,
  range: 19,
  snapshotEnd: 20,
  trace: 21,
  ack: 24,
  ahead: 25,
  notTaken: 26,
  heartbeat: 32,
  heartbeatReply: 33,
  leave: 34,
  snapshotRequest: 40,
  snapshotRefused: 41,
  fetch: 42,
  summary: 48,
  same: 49,
  digests: 50,
  bucket: 51,
  bucketReply: 52,
  roundEnd: 53,
} as const;

export const headerBytes = 5;
/** The largest value, its key, its content type and what is around them. */
export const maxFrameBytes = 64 * 2 ** 20 + 1024;
/** Before the peer has proved who it is. */
export const maxHandshakeBytes = 1024;

/** Starts a frame in place: the payload follows, `length` bytes of it. */
export const writeHeader = (target: Buffer, at: number, type: number, length: number): number => {
  target.writeUInt32BE(length + 1, at);
  target[at + 4] = type;
  return at + headerBytes;
};

export const frame = (type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer => {
  const bytes = Buffer.allocUnsafe(headerBytes + payload.length);
  bytes.set(payload, writeHeader(bytes, 0, type, payload.length));
  return bytes;
};

/** The payload is the range of `bytes`, which is valid during the call only. */
export type OnFrame = (type: number, bytes: Buffer, from: number, to: number) => void;

export interface Deframer {
  /** Calls `onFrame` for each frame that is complete now. Throws a FrameError for one that is empty or too large. */
  push(chunk: Buffer): void;
  /** From now on, frames may have so many bytes. */
  maxBytes: number;
  /** Bytes held of an unfinished frame. */
  readonly held: number;
}

/** Ends when `isOpen` says so: a handler may close the connection in the middle of a chunk. */
export const createDeframer = (onFrame: OnFrame, isOpen: () => boolean): Deframer => {
  let rest: Buffer[] = [];
  let held = 0;
  let needed = headerBytes;

  const lengthAt = (bytes: Buffer, at: number): number => {
    const length = bytes.readUInt32BE(at);
    if (length === 0 || length > deframer.maxBytes) throw new FrameError(`a frame of ${length} bytes; at most ${deframer.maxBytes} are accepted`);
    return length;
  };

  const deframer: Deframer = {
    maxBytes: maxHandshakeBytes,
    get held() {
      return held;
    },
    push: (chunk) => {
      let at = 0;
      // the frame that the last chunk began, by itself: joining it with this whole chunk would copy every byte that comes
      while (held > 0) {
        const more = Math.min(needed - held, chunk.length - at);
        rest.push(chunk.subarray(at, at + more));
        held += more;
        at += more;
        if (held < needed) return;
        // the pieces of a large frame are joined once, when it is whole
        const whole = Buffer.concat(rest, held);
        rest = [whole];
        needed = 4 + lengthAt(whole, 0);
        if (held < needed) continue;
        rest = [];
        held = 0;
        onFrame(whole[4]!, whole, headerBytes, needed);
        if (!isOpen()) return;
      }
      const bytes = chunk;
      needed = headerBytes;
      while (bytes.length - at >= headerBytes) {
        const length = lengthAt(bytes, at);
        const end = at + 4 + length;
        if (end > bytes.length) {
          needed = 4 + length;
          break;
        }
        onFrame(bytes[at + 4]!, bytes, at + headerBytes, end);
        if (!isOpen()) return;
        at = end;
      }
      if (at === bytes.length) return;
      // a copy where little is left: a few bytes must not keep a whole chunk alive
      const left = bytes.subarray(at);
      rest = [left.length * 4 < bytes.length ? Buffer.from(left) : left];
      held = left.length;
    },
  };
  return deframer;
};
