// Deletions of whole prefixes, each remembered as one version: everything older under the prefix is gone, here and in what arrives late.
import { compareVersions, type Version } from "./version.ts";

export interface Range {
  /** Empty: every key. */
  readonly prefix: Buffer;
  readonly version: Version;
  /** When this pod learned of it, by its clock. */
  readonly notedAt: number;
  /** Live entries that went for it, whoever came by them: its own walk, a sweep, a reader. */
  removed: number;
}

/** More than this are forgotten early, the oldest first: each one is compared with every record that comes. */
export const maxRanges = 1_024;

const isOlder = (range: Range, ms: number, counter: number, node: number): boolean => {
  const { version } = range;
  return ms !== version.ms ? ms < version.ms : counter !== version.counter ? counter < version.counter : node < version.node;
};

const begins = (bytes: Buffer, from: number, to: number, prefix: Buffer): boolean =>
  to - from >= prefix.length && (prefix.length === 0 || bytes.compare(prefix, 0, prefix.length, from, from + prefix.length) === 0);

export class Ranges {
  private newestMs = 0;
  /** In the order in which they were learned. */
  list: Range[] = [];
  /** Those whose entries have not all been removed yet, which reads must look out for. */
  unswept: Range[] = [];

  /** The latest that was forgotten. The whole version: what is deleted later within its millisecond is not. */
  private forgotten: Version = { ms: 0, counter: 0, node: 0 };

  /** undefined: one like it is there already, or a wider and later one, or was once. */
  add(prefix: Buffer, version: Version, notedAt: number): Range | undefined {
    const { ms, counter, node } = version;
    // a peer that forgets a little later would bring it back for ever
    if (compareVersions(version, this.forgotten) <= 0) return undefined;
    if (this.covers(this.list, prefix, 0, prefix.length, ms, counter, node) || this.list.some((range) => compareVersions(range.version, version) === 0)) return undefined;
    const range = { prefix: Buffer.from(prefix), version, notedAt, removed: 0 };
    this.list = this.list.filter((old) => !(isOlder(range, old.version.ms, old.version.counter, old.version.node) && begins(old.prefix, 0, old.prefix.length, prefix)));
    this.list.push(range);
    this.newestMs = Math.max(this.newestMs, ms);
    return range;
  }

  /** The same for the same ranges, whatever their order. */
  get hash(): number {
    let hash = 0;
    for (const { version } of this.list) hash ^= Math.imul(Math.imul(version.ms ^ 0x9e37_79b9, 0x85eb_ca6b) ^ version.node, 0xc2b2_ae35) + version.counter;
    return hash >>> 0;
  }

  covering(ranges: readonly Range[], key: Buffer, from: number, to: number, ms: number, counter: number, node: number): Range | undefined {
    // nearly everything is newer than the newest of them
    if (ms > this.newestMs) return undefined;
    for (const range of ranges) if (isOlder(range, ms, counter, node) && begins(key, from, to, range.prefix)) return range;
    return undefined;
  }

  covers(ranges: readonly Range[], key: Buffer, from: number, to: number, ms: number, counter: number, node: number): boolean {
    return this.covering(ranges, key, from, to, ms, counter, node) !== undefined;
  }

  swept(range: Range): void {
    this.unswept = this.unswept.filter((each) => each !== range);
  }

  /** Those to be forgotten: noted before `notedBefore`, or too many. */
  takeOld(notedBefore: number): Range[] {
    const surplus = this.list.length - maxRanges;
    const old = this.list.filter((range, i) => i < surplus || range.notedAt < notedBefore);
    // entries may still lie there until the sweep has been everywhere
    for (const { version } of old) if (compareVersions(version, this.forgotten) > 0) this.forgotten = version;
    if (old.length > 0) this.list = this.list.filter((range) => !old.includes(range));
    return old;
  }
}
