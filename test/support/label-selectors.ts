// Small worlds of labels and selectors, so that they meet often.
import fc from "fast-check";

const key = fc.constantFrom("a", "b", "c");
const value = fc.constantFrom("1", "2", "3");
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 3 });

const requirement = fc.oneof(
  fc.record({ key, operator: fc.constantFrom("In" as const, "NotIn" as const), values }),
  fc.record({ key, operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const) }),
);

export const labelsArbitrary = fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true });

/** Valid ones. */
export const selectorArbitrary = fc.record({ matchLabels: labelsArbitrary, matchExpressions: fc.array(requirement, { maxLength: 3 }) });
