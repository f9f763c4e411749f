// Labels on a command line, as kubectl writes them: a=b,c=d.
import { extraLabels } from "#crds/fields";

const schema = extraLabels("Labels.");

/** Throws RangeError with the flag's name and what is wrong. */
export const parseLabelList = (flag: string, text: string): Record<string, string> => {
  const pairs = text.split(",").map((pair) => /^([^=]+)=([^=]*)$/.exec(pair));
  if (pairs.some((pair) => pair === null)) throw new RangeError(`--${flag} must be labels, for example release=kube-prometheus-stack,team=platform, not ${JSON.stringify(text)}`);
  const labels = Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""]));
  const parsed = schema.safeParse(labels);
  if (!parsed.success) throw new RangeError(`--${flag}: ${parsed.error.issues[0]?.message ?? "not labels"}`);
  return labels;
};
