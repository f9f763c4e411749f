// A clock that is read once for many operations: servers tick it when bytes arrive, everybody else sees that time.
import { systemClock, type Clock } from "./clock.ts";

export interface TurnClock {
  /** Whole milliseconds since the epoch as of the last tick; never goes back. */
  now(): number;
  /** Monotonic milliseconds with a fraction, as of the last tick. */
  monotonic(): number;
  /** Reads the clock. */
  tick(): number;
  /** The wall clock was wrong when the process started and may have been set right: follows it from where it is now, standing still while it is behind what was told. */
  correct(): void;
}

/** Follows the wall clock of the start and then only the monotonic clock: a wall that is set back changes nothing. */
export const createTurnClock = (clock: Clock = systemClock): TurnClock => {
  let offset = clock.wall() - clock.monotonic();
  let monotonic = clock.monotonic();
  const read = () => Math.floor(offset + (monotonic = clock.monotonic()));
  let now = read();
  return {
    now: () => now,
    monotonic: () => monotonic,
    tick: () => {
      const time = read();
      // only after a correction is it not later
      if (time > now) now = time;
      return now;
    },
    correct: () => void (offset = clock.wall() - clock.monotonic()),
  };
};
