// Waits for a condition instead of sleeping, and says what it waited for when it gives up.
import { setTimeout as delay } from "node:timers/promises";
import { systemClock, type Clock } from "#lib/clock";
import type { WaitOptions } from "./types.ts";

export interface WaitTime {
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const realTime: WaitTime = { clock: systemClock, sleep: (ms) => delay(ms) };

const shown = (value: unknown): string => {
  if (value instanceof Error) return value.message;
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
};

/**
 * Resolves with the first value that is neither undefined nor false. What the condition throws counts as "not yet".
 * Throws, with the description and the last outcome, once `timeoutMs` has passed.
 */
export const waitFor = async <T>(
  description: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 30_000, intervalMs = 100 }: WaitOptions = {},
  { clock, sleep }: WaitTime = realTime,
): Promise<T> => {
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (clock.monotonic() >= deadline) throw new Error(`waited ${timeoutMs} ms for ${description}; last: ${shown(last)}`, { cause: last });
    await sleep(intervalMs);
  }
};
