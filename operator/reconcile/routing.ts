// Decides what RoutingReady says beside what it shares with the other features: that nobody is named, and that a Secret is not there.
import { routingSecrets, type Routing } from "#crds/routing";
import type { Verdict } from "./verdict.ts";

type RoutingVerdict = Verdict<"RoutingReady"> | undefined;

export const absentRouting = ({ slack, pagerduty, webhook, email }: Routing): RoutingVerdict =>
  (slack ?? pagerduty ?? webhook ?? email) === undefined
    ? { status: "False", reason: "Disabled", message: "spec.monitoring.routing names no receiver; alerts carry the tenant's labels, and a platform's own routes can go by them" }
    : undefined;

/** One Secret that is missing is enough for the Prometheus Operator to leave out the whole object. Whether a key is in it nobody but that operator can see. */
export const awaitedSecrets = (routing: Routing, missing: readonly string[]): RoutingVerdict => {
  const awaited = routingSecrets(routing).filter((name) => missing.includes(name));
  if (awaited.length === 0) return undefined;
  return { status: "False", reason: "SecretMissing", message: `there is no Secret ${awaited.join(", ")}, to which spec.monitoring.routing refers; no Alertmanager takes the AlertmanagerConfig until there is` };
};
