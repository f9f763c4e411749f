// Finds the log calls in the sources: level, message and names of fields. Reads text, not types; what it cannot read it says.
import type { SourceTree } from "./source-tree.ts";
import { withoutComments } from "./source-tree.ts";

export interface LogCall {
  readonly path: string;
  /** Undefined: chosen at run time. */
  readonly level: string | undefined;
  readonly message: string;
  /** Those that stand in the call, or in the object or function in the same file that it names. */
  readonly fields: readonly string[];
  /** Some fields could not be read: the call has at least those above. */
  readonly isOpen: boolean;
}

const levels = "trace|debug|info|warn|error|fatal";
const isIdentifier = /^[A-Za-z_$][\w$]*$/;
const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Where the string that begins at `at` ends. */
const endOfString = (text: string, at: number): number => {
  const quote = text[at];
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === quote) return i;
  }
  return text.length;
};

/** The parts between the bracket at `at` and the one that closes it, split at commas; and where it ends. */
const partsOf = (text: string, at: number): { parts: string[]; end: number } => {
  const open: string[] = [closing[text[at] ?? ""] ?? ""];
  const parts: string[] = [];
  let from = at + 1;
  for (let i = at + 1; i < text.length; i++) {
    const c = text[i] ?? "";
    if (c === '"' || c === "'" || c === "`") i = endOfString(text, i);
    else if (closing[c]) open.push(closing[c]);
    else if (c === open.at(-1)) {
      open.pop();
      if (open.length > 0) continue;
      parts.push(text.slice(from, i));
      return { parts: parts.map((part) => part.trim()).filter(Boolean), end: i };
    } else if (c === "," && open.length === 1) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  throw new Error(`a bracket is not closed: ${text.slice(at, at + 60)}`);
};

interface Fields {
  readonly names: readonly string[];
  readonly isOpen: boolean;
}
const open: Fields = { names: [], isOpen: true };
const merge = (all: readonly Fields[]): Fields => ({ names: all.flatMap(({ names }) => names), isOpen: all.some(({ isOpen }) => isOpen) });

/** Fields of an expression: an object, or a name that stands for one. `depth` ends what goes in circles. */
const fieldsOf = (expression: string, text: string, tree: SourceTree, depth = 0): Fields => {
  if (depth > 4) return open;
  if (expression.startsWith("{")) {
    return merge(
      partsOf(expression, 0).parts.map((part) => {
        if (part.startsWith("...")) return fieldsOf(part.slice(3), text, tree, depth + 1);
        const name = part.split(":")[0]?.trim() ?? "";
        return isIdentifier.test(name) ? { names: [name], isOpen: false } : open;
      }),
    );
  }
  // (condition && { a }), and a conditional with two objects
  const conditional = /^\(?[^{]*?(?:&&|\?)\s*(\{.*)$/s.exec(expression);
  if (conditional?.[1]) {
    const { end } = partsOf(conditional[1], 0);
    const other = /^\s*:\s*(\{.*)$/s.exec(conditional[1].slice(end + 1))?.[1];
    return merge([fieldsOf(conditional[1].slice(0, end + 1), text, tree, depth + 1), ...(other ? [fieldsOf(other.slice(0, partsOf(other, 0).end + 1), text, tree, depth + 1)] : [])]);
  }
  const name = /^([A-Za-z_$][\w$]*)(?:\(.*\))?$/s.exec(expression)?.[1];
  if (!name) return open;
  const find = (source: string, prefix: string): Fields | undefined => {
    const declared = new RegExp(`${prefix}const ${name}(?::[^=]+)? = (?:\\([^)]*\\)(?:: \\w+)? => \\()?\\{`).exec(source);
    if (!declared) return undefined;
    const at = declared.index + declared[0].length - 1;
    return fieldsOf(source.slice(at, partsOf(source, at).end + 1), source, tree, depth + 1);
  };
  const here = find(text, "\\b");
  if (here) return here;
  if (!expression.endsWith(")")) return open;
  // a helper of another file
  for (const source of tree.values()) {
    const there = find(source, "export ");
    if (there) return there;
  }
  return open;
};

/** The texts that the argument may be; undefined: it is not constant. */
const messagesOf = (argument: string): string[] | undefined => {
  const rest = argument.replaceAll(/"([^"\\]*)"/g, "");
  if (/["'`]/.test(rest)) return undefined;
  // one text, or a choice between some
  if (rest !== "" && !/^[\w\s!?:.]*$/.test(rest)) return undefined;
  const found = [...argument.matchAll(/"([^"\\]*)"/g)].map(([, text = ""]) => text);
  return found.length > 0 && (rest.trim() === "" || argument.includes("?")) ? found : undefined;
};

export interface FoundCalls {
  readonly calls: readonly LogCall[];
  /** Calls whose message is not constant, in words. */
  readonly problems: readonly string[];
}

/** Files that hand on what others say, as `message`. */
const handOn = /^(responder\/telemetry\/logger|operator\/log)\.ts$/;

export const findLogCalls = (tree: SourceTree): FoundCalls => {
  const calls: LogCall[] = [];
  const problems: string[] = [];
  for (const [path, source] of tree) {
    const text = withoutComments(source);
    // a function of this file with the arguments of a log call, which it hands on
    const wrapper = new RegExp(`const (\\w+) = \\((\\w+): Fields, message: string\\) => \\{[^}]*?\\blog\\.(${levels})\\(\\2, message\\)`).exec(text);
    const pattern = new RegExp(`\\b(?:log|root|\\w+Log)(?:\\.(${levels})|\\[([^\\]]+)\\])\\(${wrapper ? `|\\b(${wrapper[1]})\\((?=\\{)` : ""}`, "g");
    for (const match of text.matchAll(pattern)) {
      const [whole, level, chosen] = match;
      const { parts } = partsOf(text, match.index + whole.length - 1);
      const [fields = "", argument = ""] = parts;
      if (argument === "message" && (handOn.test(path) || (wrapper && level && fields === wrapper[2]))) continue;
      const messages = messagesOf(argument);
      if (!messages || parts.length !== 2) {
        problems.push(`${path}: the message of ${whole}${parts.join(", ").slice(0, 100)}) is not constant`);
        continue;
      }
      const { names, isOpen } = fieldsOf(fields, text, tree);
      const named = chosen ? [...chosen.matchAll(new RegExp(`"(${levels})"`, "g"))].map(([, each]) => each) : [level ?? (wrapper && match[3] ? wrapper[3] : undefined)];
      for (const each of named.length > 0 ? named : [undefined]) for (const message of messages) calls.push({ path, level: each, message, fields: [...new Set(names)], isOpen });
    }
  }
  return { calls, problems };
};
