// Decides which of one instance's alerts reach which receiver, and which alert hides which. Every matcher names the instance: a neighbour in the namespace is never reached.
import { severities, type AlertName, type Severity } from "#crds/alerts";
import { identity, type Subject } from "./subject.ts";

/** As AlertmanagerConfig holds it. */
export interface Matcher {
  name: string;
  value: string;
  matchType: "=" | "!=" | "=~" | "!~";
}

const is = (name: string, value: string): Matcher => ({ name, value, matchType: "=" });

/**
 * The namespace too: the same tenant and name may be in another one, and the operator of Alertmanager adds the namespace itself only under one of its three
 * strategies. Twice is as good as once.
 */
export const ownAlerts = (subject: Subject): Matcher[] => Object.entries(identity(subject)).map(([name, value]) => is(name, value));

/** What is as grave as `least`, or graver: whoever is told of a warning is told of what hides it. */
export const atLeast = (least: Severity): Matcher => {
  // gravest first
  const graver = severities.slice(0, severities.indexOf(least) + 1);
  return graver.length === 1 ? is("severity", least) : { name: "severity", value: graver.join("|"), matchType: "=~" };
};

/** What makes one message: the alerts of a name. The rest is the same for all of them and is there for the texts. */
export const groupBy = ["alertname", "severity", "namespace", "kvresponder"] as const;

export interface InhibitRule {
  sourceMatch: Matcher[];
  targetMatch: Matcher[];
  equal: string[];
}

const down: AlertName = "KVResponderDown";

export const inhibitRules = (subject: Subject): InhibitRule[] => {
  const own = ownAlerts(subject);
  const same = own.map(({ name }) => name);
  // an alert of one's own without a signal would be "equal" to every other without one
  const signal: Matcher = { name: "signal", value: ".+", matchType: "=~" };
  return [
    // nothing else is news of what is not there. Only while it is critical, which every receiver hears of: else it would hide what it does not tell
    { sourceMatch: [is("alertname", down), is("severity", "critical"), ...own], targetMatch: [{ name: "alertname", value: down, matchType: "!=" }, ...own], equal: same },
    // of one trouble the graver alert is enough. An alert's name has one severity, so it is the signal that they share
    { sourceMatch: [is("severity", "critical"), signal, ...own], targetMatch: [{ name: "severity", value: "warning|info", matchType: "=~" }, signal, ...own], equal: [...same, "signal"] },
  ];
};
