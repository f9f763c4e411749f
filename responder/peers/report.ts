// What is said in the log of where peers are, and of those that are not let in; a few times a minute at most, with how often.
import type { Clock } from "#lib/clock";
import { createLimited, createLimits } from "#telemetry/log-limit";
import type { Log } from "#telemetry/logger";
import type { PeerSource } from "./source.ts";

/** A rollout changes the addresses a few times; one that flaps does so every second. */
const changeLines = 10;

export interface DiscoveryReport {
  /** The same source, which tells how many addresses it finds. */
  follow(source: PeerSource): PeerSource;
  problem(err: unknown): void;
  recovered(): void;
  /** A connection that was not let in, or that broke the protocol. */
  refused(reason: string): void;
  /** Whether most peers find our clock ahead; to be called again and again. */
  clock(isAhead: boolean): void;
}

export const createDiscoveryReport = (log: Log, clock: Pick<Clock, "monotonic">): DiscoveryReport => {
  const limit = createLimits(clock, changeLines);
  const refusals = createLimits(clock);
  const ahead = createLimited(clock);
  let failedAt = 0;
  let aheadAt: number | undefined;
  const since = (at: number) => Math.round(clock.monotonic() - at);
  return {
    follow: (source) => ({
      start: (onAddresses) =>
        source.start((addresses) => {
          limit("found")((times) => log.info({ addresses: addresses.length, times }, "peers found"));
          onAddresses(addresses);
        }),
      stop: source.stop,
    }),
    problem: (err) => {
      failedAt = clock.monotonic();
      limit("failed")((times) => log.warn({ err, times }, "peers could not be looked up; the last ones found stay in force"));
    },
    recovered: () => limit("recovered")((times) => log.info({ durationMs: since(failedAt), times }, "peers can be looked up again")),
    refused: (reason) => refusals(reason)((times) => log.warn({ reason, times }, "peer connection refused")),
    clock: (isAhead) => {
      if (isAhead === (aheadAt !== undefined)) return;
      if (isAhead) ahead((times) => log.warn({ times }, "clock is ahead of the peers, who do not take these writes"));
      else if (aheadAt !== undefined) log.info({ durationMs: since(aheadAt) }, "clock is no longer ahead of the peers");
      aheadAt = isAhead ? clock.monotonic() : undefined;
    },
  };
};
