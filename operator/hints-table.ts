// Takes what `kvr status` advises out of docs/status-conditions.md, so that the page is the one place where it is written.

/** Nothing to do, or told at another row. */
const noHint = /^(nothing|as for|see the reason|if nothing arrives|if Grafana)/;

/** type -> reason -> its column "what to do"; of links the text stays. */
export const hintsOf = (page: string): Readonly<Record<string, Readonly<Record<string, string>>>> => {
  const found: Record<string, Record<string, string>> = {};
  let type = "";
  for (const line of page.split("\n")) {
    type = /^## (\w+)$/.exec(line)?.[1] ?? type;
    const [reason = "", , , todo] = line.split("|").slice(1, -1).map((cell) => cell.trim());
    const name = /^`(\w+)`$/.exec(reason)?.[1];
    if (name !== undefined && todo !== undefined && !noHint.test(todo)) (found[type] ??= {})[name] = todo.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1");
  }
  return found;
};

/** The text of operator/cli/status/hints.ts. */
export const hintsModule = (page: string): string => `// Made from docs/status-conditions.md by \`make generate\`; do not edit.
import type { ConditionType, Reason } from "#crds/conditions";

/** What to do about a condition that is not as it should be. Not here: reasons about which there is nothing to do, and those whose row sends the reader to another one. */
export const hints: { readonly [T in ConditionType]?: { readonly [R in Reason<T>]?: string } } = ${JSON.stringify(hintsOf(page), undefined, 2).replaceAll(/^(\s*)"(\w+)": /gm, "$1$2: ").replaceAll(/(["}])$/gm, "$1,").replace(/,$/, "")};
`;
