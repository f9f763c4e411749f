// Pairs a CEL rule for the API server with the same check for zod, so that both give one verdict.
import type { z } from "zod";

export interface Rule<T> {
  /** What the API server evaluates; `self` is the value. */
  readonly cel: string;
  /** Shown to the user by both. Says what to do. */
  readonly message: string;
  /** Below the value, where the message belongs: ".limits.memory". The value itself when absent. */
  readonly fieldPath?: `.${string}`;
  /** The same check in TypeScript; never throws. Parity is tested against a real API server. */
  readonly test: (value: T) => boolean;
}

/** A rule as the CRD's x-kubernetes-validations hold it. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

export interface RuleExtras {
  readonly description?: string;
  /** For maps, where zod has no such bound. */
  readonly maxProperties?: number;
  readonly [keyword: string]: unknown;
}

/** The schema with its rules attached: as a refinement, and as x-kubernetes-validations for the generator. */
export const withRules = <S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[], extra: RuleExtras = {}): S => {
  const { maxProperties } = extra;
  // first the keywords, then the refinements: so the generator finds, wherever it finds a refinement, the rules that it stands for
  let refined = schema.meta({
    ...extra,
    "x-kubernetes-validations": rules.map(({ cel, message, fieldPath }): CelRule => ({ rule: cel, message, ...(fieldPath !== undefined && { fieldPath }) })),
  }) as S;
  const refine = (test: (value: z.output<S>) => boolean, message: string, path: string[] = []) => {
    refined = refined.refine((value) => test(value as z.output<S>), { message, path }) as S;
  };
  if (maxProperties !== undefined) refine((value) => Object.keys(value as object).length <= maxProperties, `must have at most ${maxProperties} keys`);
  for (const { test, message, fieldPath } of rules) refine(test, message, fieldPath?.slice(1).split("."));
  return refined;
};

/** A CEL string literal that needs no escapes. Throws for the one thing it cannot hold. */
export const celString = (text: string): string => {
  if (/["\n]/.test(text)) throw new Error(`not for a raw CEL string: ${text}`);
  return `r"${text}"`;
};

/** In place of a schema's `pattern`, whose message would be the expression itself. RE2 and JavaScript must both understand it. */
export const matches = (pattern: string, message: string): Rule<string> => {
  const expression = new RegExp(pattern);
  return { cel: `self.matches(${celString(pattern)})`, message, test: (value) => expression.test(value) };
};
