// Which of the requests that are fast and fine get a line: one in so many, and not more than a machine notices.
import { createTokenBucket } from "#lib/token-bucket";

/** Lines a second of what is fine. A line costs some 20 us in a busy process: at 400,000 commands a second one in a hundred would be a tenth of a core. */
const finePerSecond = 100;

export interface LineSampler {
  /**
   * Called for each. How many the line stands for, itself included; 0: no line. `sample`: one in so many. `isBounded`: no more than so many a second;
   * who asks for each one gets them all unless it says otherwise.
   */
  next(sample: number, isBounded?: boolean): number;
}

/** `now`: monotonic milliseconds. */
export const createLineSampler = (now: () => number, perSecond = finePerSecond): LineSampler => {
  const bucket = createTokenBucket(now, perSecond);
  /** Since the last line. */
  let count = 0;
  /** The count at which a line is due again, by the sample that was asked for then. */
  let due = 1;
  let dueBy = 0;
  return {
    next: (sample, isBounded = sample > 1) => {
      count++;
      if (count < due && sample === dueBy) return 0;
      const isLate = sample !== dueBy && count < sample && dueBy !== 0;
      dueBy = sample;
      if (isLate) {
        due = sample;
        return 0;
      }
      if (isBounded && !bucket.take()) {
        due = count + sample;
        return 0;
      }
      const stands = count;
      count = 0;
      due = sample;
      return stands;
    },
  };
};
