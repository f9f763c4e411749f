// Records of the store as frames, written from where they lie and read to where they come in.
import type { RecordKind, RemoteRecord, Slot, Store } from "../store/types.ts";
import { frameType, headerBytes, writeHeader } from "./frames.ts";
import type { TraceContext } from "#telemetry/trace-context";
import { FrameError, readU48, writeU48, type Reader } from "./wire.ts";

/** version, expiry, key length, content type length */
const valueHead = 12 + 6 + 2 + 1;
const versionBytes = 12;
export const maxKeyBytes = 512;
/** What HTTP takes as a content type, and what may stand in a header field: nothing else comes in from a peer either. */
const [firstPrintable, lastPrintable] = [0x20, 0x7e];

const deletedTypes: Record<Exclude<RecordKind, "value">, number> = { deleted: frameType.deleted, evicted: frameType.evicted };

/** Bytes of the record's frame. */
export const recordBytes = (store: Store, slot: Slot, kind: RecordKind): number => {
  const key = store.keyBytes(slot);
  if (kind !== "value") return headerBytes + versionBytes + key;
  return headerBytes + valueHead + key + (store.contentType(slot)?.length ?? 0) + store.valueBytes(slot);
};

/** Returns the end. */
export const writeRecord = (store: Store, slot: Slot, kind: RecordKind, target: Buffer, from: number): number => {
  const bytes = recordBytes(store, slot, kind);
  const type = kind === "value" ? frameType.value : deletedTypes[kind];
  let at = writeHeader(target, from, type, bytes - headerBytes);
  at = store.copyVersion(slot, target, at);
  if (kind !== "value") return store.copyKey(slot, target, at);
  const contentType = store.contentType(slot) ?? "";
  at = writeU48(target, store.expiresAt(slot), at);
  at = target.writeUInt16BE(store.keyBytes(slot), at);
  target[at++] = contentType.length;
  at = store.copyKey(slot, target, at);
  if (contentType !== "") at += target.write(contentType, at, "latin1");
  return store.copyValue(slot, target, at);
};

const traceIdBytes = 16;
const spanIdBytes = 8;
export const traceFrameBytes = headerBytes + traceIdBytes + spanIdBytes;

/** Which span the record behind it belongs to. Returns the end. */
export const writeTrace = ({ traceId, spanId }: TraceContext, target: Buffer, from: number): number => {
  const at = writeHeader(target, from, frameType.trace, traceIdBytes + spanIdBytes);
  return at + target.write(traceId + spanId, at, "hex");
};

/** Throws a FrameError. */
export const readTrace = (reader: Reader): TraceContext => {
  const context = { traceId: reader.raw(traceIdBytes).toString("hex"), spanId: reader.raw(spanIdBytes).toString("hex") };
  reader.done();
  return context;
};

/** Filled in again and again: a record costs no object. */
export const createRecord = (): RemoteRecord => ({
  key: Buffer.alloc(0),
  keyFrom: 0,
  keyTo: 0,
  ms: 0,
  counter: 0,
  node: 0,
  kind: "value",
  expiresAt: 0,
  contentType: undefined,
  value: Buffer.alloc(0),
  valueFrom: 0,
  valueTo: 0,
});

const checkContentType = (bytes: Buffer, from: number, to: number): void => {
  for (let at = from; at < to; at++) if (bytes[at]! < firstPrintable || bytes[at]! > lastPrintable) throw new FrameError("a content type that is not printable");
};

/** Throws a FrameError. */
export const readRecord = (type: number, bytes: Buffer, from: number, to: number, record: RemoteRecord): void => {
  if (to - from < versionBytes + 1) throw new FrameError("a record is too short");
  record.ms = readU48(bytes, from);
  record.counter = bytes.readUInt16BE(from + 6);
  record.node = bytes.readUInt32BE(from + 8);
  record.key = bytes;
  record.value = bytes;
  if (type !== frameType.value) {
    record.kind = type === frameType.deleted ? "deleted" : "evicted";
    record.keyFrom = from + versionBytes;
    record.keyTo = to;
    record.expiresAt = 0;
    record.contentType = undefined;
    record.valueFrom = to;
    record.valueTo = to;
  } else {
    if (to - from < valueHead + 1) throw new FrameError("a record is too short");
    record.kind = "value";
    record.expiresAt = readU48(bytes, from + 12);
    record.keyFrom = from + valueHead;
    record.keyTo = record.keyFrom + bytes.readUInt16BE(from + 18);
    record.valueFrom = record.keyTo + bytes[from + 20]!;
    record.valueTo = to;
    if (record.valueFrom > to) throw new FrameError("a record is shorter than its key");
    checkContentType(bytes, record.keyTo, record.valueFrom);
    record.contentType = record.valueFrom === record.keyTo ? undefined : bytes.toString("latin1", record.keyTo, record.valueFrom);
  }
  const keyBytes = record.keyTo - record.keyFrom;
  if (keyBytes < 1 || keyBytes > maxKeyBytes) throw new FrameError(`a key of ${keyBytes} bytes`);
};
