// Reads a zip archive that is in memory: what a Go module archive needs, no more (no zip64, no encryption).
import { inflateRawSync } from "node:zlib";

export interface ZipEntry {
  readonly name: string;
  read(): Buffer;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const endLength = 22;
const deflated = 8;

/** The files in the order of the central directory (APPNOTE.TXT 4.3). Throws on what it does not understand. */
export const readZip = (archive: Buffer): readonly ZipEntry[] => {
  let end = archive.length - endLength;
  // a comment may follow the end record
  while (end >= 0 && archive.readUInt32LE(end) !== endSignature) end--;
  if (end < 0) throw new Error("not a zip archive");
  const count = archive.readUInt16LE(end + 10);
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (archive.readUInt32LE(at) !== entrySignature) throw new Error("damaged zip archive");
    const method = archive.readUInt16LE(at + 10);
    const size = archive.readUInt32LE(at + 20);
    const nameLength = archive.readUInt16LE(at + 28);
    const local = archive.readUInt32LE(at + 42);
    const name = archive.toString("utf8", at + 46, at + 46 + nameLength);
    entries.push({
      name,
      read: () => {
        const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
        const content = archive.subarray(start, start + size);
        if (method === deflated) return inflateRawSync(content);
        if (method !== 0) throw new Error(`${name}: unknown compression ${method}`);
        return content;
      },
    });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
};
