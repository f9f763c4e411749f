// Label selectors as Kubernetes reads them, and what an object lacks to be selected, in kubectl's words.
export type Labels = Readonly<Record<string, string>>;

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** metav1.LabelSelector, as somebody else wrote it: a CRD does not check operators and values. */
export interface LabelSelector {
  readonly matchLabels?: Labels | null;
  readonly matchExpressions?: readonly Requirement[] | null;
}

interface Rule {
  /** As kubectl -l takes it: "release=stack", "team in (a,b)", "!team". */
  readonly text: string;
  readonly holds: (value: string | undefined) => boolean;
}

/** undefined: not a valid requirement. Kubernetes' NotIn holds for a label that is absent; In and NotIn want values, the others none. */
const ruleOf = ({ key, operator, values = [] }: Requirement): Rule | undefined => {
  const list = `(${[...values].sort().join(",")})`;
  switch (operator) {
    case "In":
      return values.length === 0 ? undefined : { text: values.length === 1 ? `${key}=${values[0] ?? ""}` : `${key} in ${list}`, holds: (value) => value !== undefined && values.includes(value) };
    case "NotIn":
      return values.length === 0 ? undefined : { text: `${key} notin ${list}`, holds: (value) => value === undefined || !values.includes(value) };
    case "Exists":
      return values.length > 0 ? undefined : { text: key, holds: (value) => value !== undefined };
    case "DoesNotExist":
      return values.length > 0 ? undefined : { text: `!${key}`, holds: (value) => value === undefined };
    default:
      return undefined;
  }
};

const requirementsOf = ({ matchLabels, matchExpressions }: LabelSelector): Requirement[] => [
  ...Object.entries(matchLabels ?? {}).map(([key, value]) => ({ key, operator: "In", values: [value] })),
  ...(matchExpressions ?? []),
];

/** Everything is selected, objects without labels included. */
export const selectsAll = (selector: LabelSelector): boolean => requirementsOf(selector).length === 0;

/** What the labels lack, sorted; empty when the selector selects them. "invalid": nobody can read the selector, so it selects nothing. */
export const unmet = (selector: LabelSelector, labels: Labels): readonly string[] | "invalid" => {
  const lacking: string[] = [];
  for (const requirement of requirementsOf(selector)) {
    const rule = ruleOf(requirement);
    if (!rule) return "invalid";
    if (!rule.holds(Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined)) lacking.push(rule.text);
  }
  return lacking.sort();
};
