// The kinds of field that the schema is made of: amounts, durations, labels, modes. Each says in words what it wants.
import { z } from "zod";
import { durationPattern, isDuration, parseDuration } from "./duration.ts";
import { parseNano } from "./quantity.ts";
import { celString, matches, type Rule, withRules } from "./rules.ts";

/**
 * A quantity that users may also write as a plain number, as everywhere in Kubernetes (`cpu: 1`). Parsed, it is always text.
 * The API server keeps the number, so code reads specs through parseSpec.
 */
const amount = (rule: Rule<string>, description: string) =>
  withRules(
    z
      .union([z.int(), z.string().max(20)], { error: rule.message })
      .meta({ "x-kubernetes-int-or-string": true, maxLength: 20 })
      .transform(String),
    [rule],
    { description },
  );

/** For a value that may be a number or text. */
const writtenAs = (pattern: string, message: string): Rule<string> => ({ ...matches(pattern, message), cel: `string(self).matches(${celString(pattern)})` });

// digits are bounded by suffix, so that no amount reaches 2^63, where Kubernetes would silently cap it
const bytesPattern = "^(\\d{1,15}|\\d{1,9}(\\.\\d{1,3})?(k|Ki|M|Mi|G|Gi)|\\d{1,6}(\\.\\d{1,3})?(T|Ti))$";

export const memory = (description: string) => amount(writtenAs(bytesPattern, "must be an amount of memory, for example 256Mi or 1.5Gi"), description);

/** Both ends included. */
export const memoryBetween = (least: string, most: string, description: string) => {
  const { cel, message, test } = writtenAs(bytesPattern, `must be an amount of memory from ${least} to ${most}, for example 256Mi or 1.5Gi`);
  const self = "quantity(string(self))";
  return amount(
    {
      cel: `${cel} && ${self}.compareTo(quantity('${least}')) >= 0 && ${self}.compareTo(quantity('${most}')) <= 0`,
      message,
      test: (text) => test(text) && amountsHold(least, text, (a, b) => a <= b) && amountsHold(text, most, (a, b) => a <= b),
    },
    description,
  );
};

export const cpu = (description: string) => amount(writtenAs("^([0-9]{1,6}m|[0-9]{1,4}(\\.[0-9]{1,3})?)$", 'must be an amount of CPU, for example 500m, 2 or "0.5"'), description);

/** CEL: what `comparison` says of amounts, as $0, $1. An unparsable one is the field's own problem. */
export const celAmounts = (fields: readonly string[], comparison: string): string => {
  const texts = fields.map((field) => `string(${field})`);
  const filled = comparison.replaceAll(/\$(\d)/g, (_, i: string) => `quantity(${texts[Number(i)] ?? ""})`);
  return [...texts.map((text) => `!isQuantity(${text})`), filled].join(" || ");
};

/** The same in TypeScript, in billionths. */
export const amountsHold = (a: string, b: string, comparison: (a: bigint, b: bigint) => boolean): boolean => {
  const [x, y] = [parseNano(a), parseNano(b)];
  return x === undefined || y === undefined || comparison(x, y);
};

/** Between two durations, both included. */
export const duration = (description: string, least: string, most: string) => {
  const within = (text: string) => parseDuration(text) >= parseDuration(least) && parseDuration(text) <= parseDuration(most);
  return withRules(
    z.string().max(32),
    [
      {
        cel: `self != '' && self.matches(${celString(durationPattern)}) && duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
        message: `must be a duration from ${least} to ${most} in h, m, s and ms, for example 30s`,
        test: (text) => isDuration(text) && within(text),
      },
    ],
    { description },
  );
};

/** CEL: `a` lasts no longer than `b`; an unparsable one is the field's own problem. */
export const celNoLonger = (a: string, b: string): string =>
  `[${a}, ${b}].exists(d, d == '' || !d.matches(${celString(durationPattern)})) || duration(${a}) <= duration(${b})`;

export const noLonger = (a: string, b: string): boolean => !isDuration(a) || !isDuration(b) || parseDuration(a) <= parseDuration(b);

/** As text: the value of a label, and of a taint. */
export const labelValuePattern = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";

const labelValue = withRules(z.string().max(63), [
  matches(labelValuePattern, "must be a label value: letters, digits, '-', '_' and '.', no punctuation at the ends"),
]);

/** Name of a namespace, of a tenant. */
export const dnsLabelPattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/** DNS labels with dots between them, in few characters: the CRD repeats it a dozen times. */
export const dnsName = "[a-z0-9]+((-+|\\.)[a-z0-9]+)*";
export const labelKeyPattern = `^(${dnsName}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`;
const reservedKey = "^(kvresponder\\.io/|argocd\\.argoproj\\.io/|app\\.kubernetes\\.io/(name|instance|component|managed-by)$)";

const everyKey = (cel: string, message: string, test: (key: string) => boolean): Rule<Record<string, string>> => ({
  cel: `self.all(k, ${cel})`,
  message,
  test: (map) => Object.keys(map).every(test),
});

const labelKeys = everyKey(
  `k.size() <= 253 && k.matches(${celString(labelKeyPattern)})`,
  "keys must be label keys, for example team or example.com/team",
  (k) => k.length <= 253 && new RegExp(labelKeyPattern).test(k),
);

/** Labels of objects that are not ours; no labels means any. */
export const anyLabels = (description: string) => withRules(z.record(z.string(), labelValue), [labelKeys], { description, maxProperties: 16 });

/** Labels by which somebody else's objects are selected. */
export const matchLabels = (description: string) =>
  withRules(
    z.record(z.string(), labelValue),
    // an empty map is a thing that server-side apply cannot hold on to
    [labelKeys, { cel: "self.size() > 0", message: "must have at least one label", test: (labels) => Object.keys(labels).length > 0 }],
    { description, maxProperties: 16 },
  );

/** Labels that users add to an object that we own. Values are bounded by the schema, keys by rules, because a schema cannot. */
export const extraLabels = (description: string) =>
  withRules(
    z.record(z.string(), labelValue),
    [
      labelKeys,
      everyKey(
        `!k.matches(${celString(reservedKey)})`,
        "kvresponder.io/, argocd.argoproj.io/ and app.kubernetes.io/name, instance, component and managed-by are set by the operator or Argo CD",
        (k) => !new RegExp(reservedKey).test(k),
      ),
    ],
    { description, maxProperties: 16 },
  );

const reservedAnnotation = "^(kvresponder\\.io|argocd\\.argoproj\\.io|kubectl\\.kubernetes\\.io)/";

/** Annotations that users add to an object that we own. */
export const extraAnnotations = (description: string) =>
  withRules(
    z.record(z.string(), z.string().max(1024)),
    [
      labelKeys,
      everyKey(
        `!k.matches(${celString(reservedAnnotation)})`,
        "kvresponder.io/, argocd.argoproj.io/ and kubectl.kubernetes.io/ are set by the operator, Argo CD or kubectl",
        (k) => !new RegExp(reservedAnnotation).test(k),
      ),
    ],
    { description, maxProperties: 16 },
  );

export const mode = (what: string) =>
  z
    .enum(["Managed", "Disabled"])
    .default("Managed")
    .meta({ description: `Managed: the operator owns the ${what}. Disabled: there is none; one that the operator made is removed.` });
