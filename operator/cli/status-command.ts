// `kvr status`: its flags, what it asks the cluster, and how failures are told.
import { parseArgs } from "node:util";
import { isApiError } from "../kube/errors.ts";
import { lookAt, lookAtAll } from "./status/look.ts";
import { isReady, reportOf } from "./status/report.ts";
import { listText, reportText } from "./status/text.ts";
import { messageOf, UsageError, type Connected, type Streams } from "./usage.ts";

interface Wanted {
  readonly name: string | undefined;
  /** undefined: that of the context. */
  readonly namespace: string | undefined;
  readonly everywhere: boolean;
  readonly json: boolean;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      namespace: { type: "string", short: "n" },
      "all-namespaces": { type: "boolean", short: "A", default: false },
      output: { type: "string", short: "o", default: "table" },
      context: { type: "string" },
      kubeconfig: { type: "string" },
    },
  });

const readArguments = (args: readonly string[]): Wanted => {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
  const { values, positionals: [name, extra] } = parsed;
  const { namespace, "all-namespaces": everywhere, output, context, kubeconfig } = values;
  if (extra !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(extra)}: status takes one name`);
  if (everywhere && (name !== undefined || namespace !== undefined)) throw new UsageError("--all-namespaces goes with neither a name nor --namespace");
  if (output !== "table" && output !== "json") throw new UsageError(`--output must be table or json, not ${JSON.stringify(output)}`);
  // a slash would reach another path of the API
  for (const text of [name, namespace]) if (text !== undefined && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text)) throw new UsageError(`${JSON.stringify(text)} is no name of a Kubernetes object`);
  return { name, namespace, everywhere, json: output === "json", context, kubeconfig };
};

/** What went wrong, and where to look. */
const explain = (error: unknown): string => {
  if (!isApiError(error)) return messageOf(error);
  switch (error.kind) {
    case "missingKind":
      return "this cluster has no kind KVResponder: install the operator, or choose another cluster with --context";
    case "forbidden":
    case "unauthorized":
      return `not permitted: ${error.detail}`;
    case "network":
    case "timeout":
      return `the API server does not answer: ${error.detail}`;
    default:
      return error.message;
  }
};

const one = async ({ client }: Connected, { name, namespace }: { readonly name: string; readonly namespace: string }, { json }: Wanted, { out, err, now }: Streams): Promise<number> => {
  const seen = await lookAt(client, { namespace, name });
  if (seen === undefined) {
    err(`there is no KVResponder ${name} in namespace ${namespace}\n`);
    return 1;
  }
  const report = reportOf(seen);
  out(json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report, now()));
  return report.ready ? 0 : 1;
};

const many = async ({ client }: Connected, namespace: string | undefined, { json }: Wanted, { out, err, now }: Streams): Promise<number> => {
  const resources = await lookAtAll(client, namespace);
  if (json) {
    out(`${JSON.stringify(resources.map((resource) => ({ namespace: resource.metadata.namespace, name: resource.metadata.name, ready: isReady(resource), generation: resource.metadata.generation, status: resource.status })), undefined, 2)}\n`);
  } else if (resources.length === 0) err(`there are no KVResponders${namespace === undefined ? "" : ` in namespace ${namespace}`}\n`);
  else out(listText(resources, now()));
  return resources.every(isReady) ? 0 : 1;
};

/** Throws UsageError. 0 Ready, 1 not, or not there; 2 the cluster gave no answer. */
export const statusCommand = async (args: readonly string[], streams: Streams): Promise<number> => {
  const wanted = readArguments(args);
  let connected: Connected | undefined;
  try {
    connected = await streams.connect({ kubeconfig: wanted.kubeconfig, context: wanted.context });
    const namespace = wanted.namespace ?? connected.namespace;
    if (wanted.name !== undefined) return await one(connected, { name: wanted.name, namespace }, wanted, streams);
    return await many(connected, wanted.everywhere ? undefined : namespace, wanted, streams);
  } catch (error) {
    streams.err(`${explain(error)}\n`);
    return 2;
  } finally {
    await connected?.client.close();
  }
};
