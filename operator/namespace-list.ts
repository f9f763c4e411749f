// Reads a flag's list of namespaces, "team-a,team-b", or its one namespace.
import { dnsLabelPattern } from "#crds/fields";

const lists = {
  /** Each is watched by itself: about a dozen connections. */
  namespaces: { most: 50, without: "tend all namespaces" },
  /** As many as a resource may name. */
  "monitoring-namespaces": { most: 16, without: "let everybody read metrics" },
} as const;

const label = new RegExp(dnsLabelPattern);
const isName = (text: string): boolean => text.length <= 63 && label.test(text);

/** Throws RangeError. */
export const parseNamespace = (flag: string, text: string): string => {
  if (!isName(text)) throw new RangeError(`--${flag} must be the name of a namespace, not ${JSON.stringify(text)}`);
  return text;
};

/** Each once. An empty list is a mistake: read as "all" it would say more than was meant. Throws RangeError. */
export const parseNamespaces = (flag: keyof typeof lists, text: string): string[] => {
  const { most, without } = lists[flag];
  const names = text.split(",");
  if (!names.every(isName)) throw new RangeError(`--${flag} must be names of namespaces with commas between them, not ${JSON.stringify(text)}; leave it out to ${without}`);
  const distinct = [...new Set(names)];
  if (distinct.length > most) throw new RangeError(`--${flag} may name ${most} namespaces at most; leave it out to ${without}`);
  return distinct;
};
