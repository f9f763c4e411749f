// What a store still knows of what it has forgotten: for each bucket, the latest time of it.
import { bucketCount } from "./digest.ts";

/**
 * In whole milliseconds of versions: a record is at or below a floor when its milliseconds are. Coarser than versions are, by less than a millisecond,
 * and in the safe direction: what is refused for it is like evicted.
 */
export class Floors {
  /** Deletions that were forgotten: what is at or below and not held is refused. */
  readonly deletion = new Float64Array(bucketCount);
  /** Entries that made room without a trace: they are not wanted back. */
  readonly eviction = new Float64Array(bucketCount);
  /** When the latest of the forgotten deletions was noted here, by this pod's clock: who has compared notes since then knows of all of them. */
  readonly noted = new Float64Array(bucketCount);

  evicted(bucket: number, ms: number): void {
    if (ms > this.eviction[bucket]!) this.eviction[bucket] = ms;
  }

  forgotten(bucket: number, ms: number, notedAt: number): void {
    if (ms > this.deletion[bucket]!) this.deletion[bucket] = ms;
    if (notedAt > this.noted[bucket]!) this.noted[bucket] = notedAt;
  }

  forgottenEverywhere(ms: number, notedAt: number): void {
    for (let bucket = 0; bucket < bucketCount; bucket++) this.forgotten(bucket, ms, notedAt);
  }

  /** Whether a record that is not held may not come in. */
  refuses(bucket: number, ms: number): boolean {
    return ms <= this.deletion[bucket]! || ms <= this.eviction[bucket]!;
  }
}
