// `kvr render`: its flags, its files, and what is wrong with either.
import { parseArgs } from "node:util";
import { parseLabelList } from "../label-list.ts";
import { parseNamespace, parseNamespaces } from "../namespace-list.ts";
import { grafanaUrlRule, isGrafanaUrl } from "../observability/dashboard-link.ts";
import type { RenderOptions } from "../render/context.ts";
import { render } from "./render.ts";
import { defaultImage, messageOf, UsageError, type Streams } from "./usage.ts";

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      filename: { type: "string", short: "f", multiple: true, default: [] },
      namespace: { type: "string", short: "n", default: "default" },
      "responder-image": { type: "string", default: defaultImage },
      "monitoring-labels": { type: "string" },
      "monitoring-namespaces": { type: "string" },
      "grafana-url": { type: "string" },
      "operator-namespace": { type: "string" },
    },
  });

type Arguments = ReturnType<typeof parse>;

/** What the operator's flags of the same names would set, and where it runs, which it sees for itself. Throws RangeError. */
const renderOptions = ({ values }: Arguments): RenderOptions => {
  const { "responder-image": responderImage, "grafana-url": grafanaUrl, "monitoring-labels": labels, "monitoring-namespaces": namespaces, "operator-namespace": operatorNamespace } = values;
  if (grafanaUrl !== undefined && !isGrafanaUrl(grafanaUrl)) throw new RangeError(grafanaUrlRule);
  return {
    responderImage,
    ...(labels !== undefined && { monitoringLabels: parseLabelList("monitoring-labels", labels) }),
    ...(namespaces !== undefined && { monitoringNamespaces: parseNamespaces("monitoring-namespaces", namespaces) }),
    ...(grafanaUrl !== undefined && { grafanaUrl }),
    ...(operatorNamespace !== undefined && { operatorNamespace: parseNamespace("operator-namespace", operatorNamespace) }),
  };
};

const readArguments = (args: readonly string[]): { readonly files: readonly string[]; readonly namespace: string; readonly options: RenderOptions } => {
  try {
    const parsed = parse(args);
    const { values, positionals } = parsed;
    if (positionals[0] !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(positionals[0])}: name files with -f`);
    if (values.filename.length === 0) throw new UsageError("name a file with -f, or -f - for standard input");
    return { files: values.filename, namespace: parseNamespace("namespace", values.namespace), options: renderOptions(parsed) };
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
};

/** Throws UsageError. 0 done, 1 the input is not valid. */
export const renderCommand = async (args: readonly string[], { read, out, err }: Streams): Promise<number> => {
  const { files, namespace, options } = readArguments(args);
  const texts: string[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const where = file === "-" ? "standard input" : file;
    let input: string;
    try {
      input = read(file);
    } catch (error) {
      problems.push(`cannot read ${where}: ${messageOf(error)}`);
      continue;
    }
    const rendered = render(input, { ...options, namespace });
    if (rendered.ok) texts.push(rendered.text);
    else problems.push(...rendered.problems.map((p) => `${where}: ${p}`));
  }
  // all or nothing: half an output in a pipe to kubectl would pass for the whole
  if (problems.length > 0) err(`${problems.join("\n")}\n`);
  else out(texts.join("---\n"));
  return problems.length > 0 ? 1 : 0;
};
