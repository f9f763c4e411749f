// What replication says in the log: who came and went, how long, why. What can repeat quickly is told a few times a minute, with how often.
import type { Clock } from "#lib/clock";
import { createLimited, createLimits } from "#telemetry/log-limit";
import type { Log } from "#telemetry/logger";
import type { Member, MemberState } from "../peers/membership.ts";
import type { PeerAddress } from "../peers/source.ts";

/** Of one address: enough to see a pod restart, and little enough when it is refused twice a second. */
const linkLines = 5;

export interface Report {
  changed(member: Member, before: MemberState | undefined): void;
  linkUp(member: Member, address: PeerAddress): void;
  linkDown(member: Member | undefined, address: PeerAddress, reason: string): void;
  /** Records that this pod sends again after a comparison of so many milliseconds. */
  repaired(member: Member, records: number, durationMs: number): void;
}

export const createReport = (log: Log, clock: Pick<Clock, "monotonic">): Report => {
  const limit = createLimits(clock, linkLines);
  const repairs = createLimited(clock);
  const changedAt = new WeakMap<Member, number>();
  const upAt = new WeakMap<Member, number>();
  const since = (at: number | undefined) => at && Math.round(clock.monotonic() - at);
  return {
    changed: (member, before) => {
      const { id: peer, state, reason, identity: at } = member;
      const durationMs = since(changedAt.get(member));
      changedAt.set(member, clock.monotonic());
      log.info({ peer, host: at.host, port: at.port, from: before, to: state, reason, durationMs }, "peer changed");
    },
    linkUp: (member, { host, port }) => {
      upAt.set(member, clock.monotonic());
      limit(`up ${host} ${port}`)((times) => log.info({ peer: member.id, host, port, times }, "link is up"));
    },
    linkDown: (member, { host, port }, reason) => {
      const durationMs = since(member && upAt.get(member));
      limit(`down ${host} ${port} ${reason}`)((times) => log.info({ peer: member?.id, host, port, reason, durationMs, times }, "link is down"));
    },
    repaired: (member, records, durationMs) => {
      if (records > 0) repairs((times) => log.info({ peer: member.id, records, durationMs: Math.round(durationMs), times }, "peer lacked records"));
    },
  };
};
