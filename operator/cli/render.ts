// `kvr render`: what a file of KVResponders becomes, by the code that the operator runs. Text in, text out.
import { parseResource } from "#crds/parse";
import { parseAllDocuments, stringify, type Tags } from "yaml";
import { desired } from "../reconcile/desired.ts";
import { renderContext, type RenderOptions } from "../render/context.ts";
import { secretShells, withPlaceholder } from "../render/secrets.ts";

export interface StreamOptions extends RenderOptions {
  /** Of resources that name none. */
  readonly namespace: string;
}

export type Rendered = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problems: readonly string[] };

/** kubectl reads YAML 1.1 but leaves dates as text; a resource must mean the same here and there (`on` is a boolean, `010` is eight). */
const asKubectl = {
  version: "1.1",
  customTags: (tags: Tags): Tags => tags.filter((tag) => typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:timestamp"),
} as const;

/** No line is folded and nothing is an alias: made for diffs. */
const print = (object: object): string => stringify(object, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });

/** All children of all resources in the stream, or every problem of every document, each with its place. */
export const render = (input: string, options: StreamOptions): Rendered => {
  const objects: object[] = [];
  const problems: string[] = [];
  let found = 0;
  for (const [i, document] of parseAllDocuments(input, asKubectl).entries()) {
    const complain = (problem: string) => problems.push(`document ${i + 1}: ${problem}`);
    if (document.errors.length > 0) {
      for (const { message } of document.errors) complain(message.split("\n")[0] ?? message);
      continue;
    }
    const content: unknown = document.toJS();
    // an empty document is what a trailing --- leaves behind
    if (content === null) continue;
    found += 1;
    const parsed = parseResource(content);
    if (!parsed.ok) {
      for (const problem of parsed.problems) complain(problem);
      continue;
    }
    const { metadata } = parsed.resource;
    const context = renderContext({ ...parsed.resource, metadata: { namespace: options.namespace, ...metadata } }, options);
    objects.push(...desired(context), ...secretShells(context).map(withPlaceholder));
  }
  if (problems.length > 0) return { ok: false, problems };
  if (found === 0) return { ok: false, problems: ["the input is empty: expected at least one KVResponder"] };
  return { ok: true, text: objects.map(print).join("---\n") };
};
