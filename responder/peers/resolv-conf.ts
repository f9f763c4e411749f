// What resolv.conf(5) says about names: c-ares reads the name servers from it, but resolve4 and resolve6 leave the search list to us.

export interface SearchRules {
  /** Domains to try, in order, without the dot at the end; "" is the root. */
  readonly search: readonly string[];
  /** A name with at least so many dots is tried as it is before the domains. */
  readonly ndots: number;
}

/** As many as Kubernetes lets a pod have. Each costs two questions whenever the name is not found. */
const maxDomains = 32;
const maxNdots = 15;

const withoutLastDot = (name: string): string => name.replace(/\.$/, "");

/** The local domain of the host's name is no default here: what the name of a pod ends with says nothing about its Services. */
export const parseResolvConf = (text: string): SearchRules => {
  let search: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split("\n")) {
    const [keyword = "", ...values] = line.trimEnd().split(/\s+/);
    // the last one counts, and `domain` is a search list of one
    if (keyword === "search") search = values.slice(0, maxDomains).map(withoutLastDot);
    if (keyword === "domain") search = values.slice(0, 1).map(withoutLastDot);
    if (keyword !== "options") continue;
    for (const option of values) {
      const dots = /^ndots:(\d+)$/.exec(option)?.[1];
      if (dots !== undefined) ndots = Math.min(Number(dots), maxNdots);
    }
  }
  return { search, ndots };
};

/** The absolute names that a name may stand for, in the order in which to ask for them. One that ends with a dot stands for itself. */
export const candidates = (name: string, { search, ndots }: SearchRules): readonly string[] => {
  if (name.endsWith(".")) return [withoutLastDot(name)];
  const searched = search.map((domain) => (domain === "" ? name : `${name}.${domain}`));
  const dots = name.split(".").length - 1;
  return [...new Set(dots >= ndots ? [name, ...searched] : [...searched, name])];
};
