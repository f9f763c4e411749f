// Bytes, keys, hash, digests and frames, written from docs/replication-protocol.md alone: nothing of the product is imported here.
import { hkdfSync } from "node:crypto";
import type { Socket } from "node:net";

// Numbers and texts

export const u8 = (n: number): Buffer => Buffer.of(n);
export const u16 = (n: number): Buffer => Buffer.of(n >>> 8, n & 255);
export const u32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n >>> 0);
  return bytes;
};
export const u48 = (n: number): Buffer => {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(n, 0, 6);
  return bytes;
};
export const text = (s: string): Buffer => Buffer.concat([u8(Buffer.byteLength(s)), Buffer.from(s)]);

/** Reads a payload. */
export class Fields {
  at = 0;
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
  raw(count: number): Buffer {
    if (this.at + count > this.bytes.length) throw new Error("a frame is shorter than its fields");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  number(count: number): number {
    return this.raw(count).readUIntBE(0, count);
  }
  text(): string {
    return this.raw(this.number(1)).toString();
  }
  rest(): Buffer {
    return this.raw(this.bytes.length - this.at);
  }
  get left(): number {
    return this.bytes.length - this.at;
  }
}

// Keys, hash, digests

export const deriveKeys = (secret: string): { readonly proof: Buffer; readonly seed: Buffer } => ({
  proof: Buffer.from(hkdfSync("sha256", secret, "", "kv-responder peer proof", 32)),
  seed: Buffer.from(hkdfSync("sha256", secret, "", "kv-responder hash seed", 8)),
});

/** HalfSipHash-1-3 with a result of 32 bits, unsigned. */
export const halfSipHash = (seed: Buffer, key: Buffer): number => {
  const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  let [v0, v1] = [seed.readInt32LE(0), seed.readInt32LE(4)];
  let [v2, v3] = [0x6c79_6765 ^ v0, 0x7465_6462 ^ v1];
  const round = () => {
    v0 = (v0 + v1) | 0;
    v1 = rotate(v1, 5) ^ v0;
    v0 = rotate(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotate(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotate(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotate(v1, 13) ^ v2;
    v2 = rotate(v2, 16);
  };
  const padded = Buffer.alloc((key.length & ~3) + 4);
  key.copy(padded);
  padded[padded.length - 1] = key.length & 255;
  for (let i = 0; i < padded.length; i += 4) {
    const word = padded.readInt32LE(i);
    v3 ^= word;
    round();
    v0 ^= word;
  }
  v2 ^= 0xff;
  for (let i = 0; i < 3; i++) round();
  return (v1 ^ v3) >>> 0;
};

export const bucketCount = 4096;
export const bucketOf = (hash: number): number => (hash ^ 0x8000_0000) >>> 20;

/** The two words that a record puts into its bucket. */
export const digestOf = (hash: number, version: Buffer): readonly [number, number] => {
  const [low, mixed, node] = [version.readInt32BE(2), (version.readUInt16BE(0) << 16) | version.readUInt16BE(6), version.readInt32BE(8)];
  let h = Math.imul(hash ^ low, 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13) ^ mixed, 0xc2b2_ae35);
  h = Math.imul(h ^ (h >>> 16) ^ node, 0x27d4_eb2f);
  h ^= h >>> 15;
  let g = Math.imul(h ^ low ^ 0x9e37_79b9, 0x1656_67b1);
  g = Math.imul(g ^ (g >>> 15) ^ node, 0x85eb_ca77);
  return [h >>> 0, (g ^ (g >>> 13) ^ hash) >>> 0];
};

export const rootOf = (words: readonly number[]): readonly [number, number] => {
  let [a, b] = [0x811c_9dc5, 0x9e37_79b9];
  for (const word of words) {
    a = Math.imul(a ^ word, 0x0100_0193);
    b = Math.imul(b ^ (a >>> 15) ^ word, 0x85eb_ca6b);
  }
  return [a >>> 0, b >>> 0];
};

export const rangesHash = (versions: readonly Buffer[]): number => {
  let hash = 0;
  for (const version of versions) hash ^= Math.imul(Math.imul(version.readInt32BE(2) ^ 0x9e37_79b9, 0x85eb_ca6b) ^ version.readInt32BE(8), 0xc2b2_ae35) + version.readUInt16BE(6);
  return hash >>> 0;
};

// Frames

export const types = {
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

export const frame = (type: number, ...fields: readonly Buffer[]): Buffer => {
  const payload = Buffer.concat(fields);
  return Buffer.concat([u32(payload.length + 1), u8(type), payload]);
};

/** Calls for each whole frame that has come. */
export const onFrames = (socket: Socket, each: (type: number, payload: Buffer) => void, afterAll: () => void = () => {}): void => {
  let held: Buffer = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 5 && held.length >= 4 + held.readUInt32BE(0)) {
      const end = 4 + held.readUInt32BE(0);
      each(held[4]!, Buffer.from(held.subarray(5, end)));
      held = held.subarray(end);
    }
    afterAll();
  });
};
