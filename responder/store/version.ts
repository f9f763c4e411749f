// Versions of entries: 96 bits of 48-bit milliseconds, 16-bit counter and 32-bit node id, drawn in strictly rising order.
import type { Clock } from "#lib/clock";

/** Hybrid logical clock (Kulkarni et al., 2014): close to wall time, yet never equal and never going back. */
export interface Version {
  readonly ms: number;
  readonly counter: number;
  /** Drawn at random when the process starts, so that two writers never make the same version. */
  readonly node: number;
}

const maxCounter = 0xffff;

/** Negative when a is older. */
export const compareVersions = (a: Version, b: Version): number => a.ms - b.ms || a.counter - b.counter || a.node - b.node;

const hex = (n: number, digits: number) => n.toString(16).padStart(digits, "0");

/** 24 lower-case hex digits; text order is version order. */
export const formatVersion = ({ ms, counter, node }: Version): string => hex(ms, 12) + hex(counter, 4) + hex(node, 8);

/** undefined when the text is not 24 lower-case hex digits. */
export const parseVersion = (text: string): Version | undefined =>
  /^[0-9a-f]{24}$/.test(text) ? { ms: Number.parseInt(text.slice(0, 12), 16), counter: Number.parseInt(text.slice(12, 16), 16), node: Number.parseInt(text.slice(16), 16) } : undefined;

/** Milliseconds since the epoch that follow the wall clock of the start and then only the monotonic clock: a wall that is set back changes nothing. */
export const steadyClock = (clock: Clock): (() => number) => {
  const offset = clock.wall() - clock.monotonic();
  return () => offset + clock.monotonic();
};

/** The last version drawn, as fields: what draws one version a write must not make one object a write. */
export interface VersionClock {
  ms: number;
  counter: number;
  /** Moves the fields to the next version. */
  draw(): void;
  /** What is drawn from now on is later than this version of somebody else. */
  observe(ms: number, counter: number): void;
}

/** `now` gives milliseconds; when it stands still the counter rises, and what the counter cannot hold carries into the milliseconds. */
export const createVersionClock = (now: () => number): VersionClock => {
  const clock: VersionClock = {
    ms: 0,
    counter: 0,
    draw: () => {
      const physical = Math.floor(now());
      if (physical > clock.ms) {
        clock.ms = physical;
        clock.counter = 0;
      } else if (clock.counter < maxCounter) {
        clock.counter++;
      } else {
        clock.ms++;
        clock.counter = 0;
      }
    },
    observe: (ms, counter) => {
      if (ms < clock.ms || (ms === clock.ms && counter <= clock.counter)) return;
      clock.ms = ms;
      clock.counter = counter;
    },
  };
  return clock;
};

/** Draws versions as objects. */
export const createVersions = ({ now, node }: { now: () => number; node: number }): (() => Version) => {
  const clock = createVersionClock(now);
  return () => {
    clock.draw();
    return { ms: clock.ms, counter: clock.counter, node };
  };
};
