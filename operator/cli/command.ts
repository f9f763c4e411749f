// The command line of kvr: what is asked for, what is wrong with it, and what it prints.
import { parseArgs } from "node:util";
import { version } from "#lib/version";
import { grafanaUrlRule, isGrafanaUrl } from "../observability/dashboard-link.ts";
import { parseLabelList } from "../label-list.ts";
import type { RenderOptions } from "../render/context.ts";
import { render } from "./render.ts";

const defaultImage = `localhost/kvr/responder:${version}`;

export const usage = `usage: kvr render -f FILE [-n NAMESPACE] [--responder-image IMAGE] [--monitoring-labels LIST] [--grafana-url URL]

Prints every object that the operator would make of the KVResponders in FILE, as one YAML stream.

  -f, --filename FILE       may hold several documents; - is standard input; may be given several times
  -n, --namespace NAME      for resources that name none (default: default)
  --responder-image IMAGE   the responder's image where spec.image is absent
                            (default: ${defaultImage})
  --monitoring-labels LIST  as the operator's: key=value,... on what Prometheus and Alertmanager select
  --grafana-url URL         where people reach Grafana, for the links of alerts
                            (default: the links are paths)
  -h, --help                this text
`;

export interface Streams {
  /** Throws when the file cannot be read. "-" is standard input. */
  readonly read: (file: string) => string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      filename: { type: "string", short: "f", multiple: true, default: [] },
      namespace: { type: "string", short: "n", default: "default" },
      "responder-image": { type: "string", default: defaultImage },
      "monitoring-labels": { type: "string" },
      "grafana-url": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });

type Arguments = ReturnType<typeof parse>;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What the operator's flags of the same names would set. Throws RangeError. */
const renderOptions = ({ values }: Arguments): RenderOptions => {
  const { "responder-image": responderImage, "grafana-url": grafanaUrl, "monitoring-labels": labels } = values;
  if (grafanaUrl !== undefined && !isGrafanaUrl(grafanaUrl)) throw new RangeError(grafanaUrlRule);
  return {
    responderImage,
    ...(labels !== undefined && { monitoringLabels: parseLabelList("monitoring-labels", labels) }),
    ...(grafanaUrl !== undefined && { grafanaUrl }),
  };
};

/** What is wrong with the command line, if anything. */
const complaint = ({ values, positionals: [command, extra] }: Arguments): string | undefined => {
  if (command === undefined) return "no command given";
  if (command !== "render") return `unknown command ${JSON.stringify(command)}`;
  if (extra !== undefined) return `unexpected argument ${JSON.stringify(extra)}: name files with -f`;
  if (values.filename.length === 0) return "name a file with -f, or -f - for standard input";
  return undefined;
};

const renderFiles = ({ values }: Arguments, options: RenderOptions, { read, out, err }: Streams): number => {
  const texts: string[] = [];
  const problems: string[] = [];
  for (const file of values.filename) {
    const where = file === "-" ? "standard input" : file;
    let input: string;
    try {
      input = read(file);
    } catch (error) {
      problems.push(`cannot read ${where}: ${messageOf(error)}`);
      continue;
    }
    const rendered = render(input, { ...options, namespace: values.namespace });
    if (rendered.ok) texts.push(rendered.text);
    else problems.push(...rendered.problems.map((p) => `${where}: ${p}`));
  }
  // all or nothing: half an output in a pipe to kubectl would pass for the whole
  if (problems.length > 0) err(`${problems.join("\n")}\n`);
  else out(texts.join("---\n"));
  return problems.length > 0 ? 1 : 0;
};

/** Returns the exit code: 0 done, 1 the input is not valid, 2 the command line is not. */
export const kvr = (argv: readonly string[], streams: Streams): number => {
  let args: Arguments;
  let options: RenderOptions;
  try {
    args = parse(argv);
    options = renderOptions(args);
  } catch (error) {
    streams.err(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  if (args.values.help) {
    streams.out(usage);
    return 0;
  }
  const problem = complaint(args);
  if (problem === undefined) return renderFiles(args, options, streams);
  streams.err(`${problem}\n\n${usage}`);
  return 2;
};
