// Reads the pages of the runbooks: their queries, settings and commands.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

export const docs = resolve(import.meta.dirname, "../../../docs");

export const pageOf = (name: string): string => readFileSync(resolve(docs, "runbooks", `${name}.md`), "utf8");

/** The fenced blocks of a language, wherever they are indented. */
export const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\`$`, "gm"))].map(([, indent = "", body = ""]) => body.replaceAll(new RegExp(`^${indent}`, "gm"), "").trim());

/** Indented code: what a shell is given, line by line. */
export const commands = (text: string): string[] => text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").split("\n").flatMap((line) => /^(?: {4}| {6,8})(\S.*)$/.exec(line)?.[1] ?? []);

/** What is patched into the resource. */
export const patches = (text: string): string[] => commands(text).flatMap((c) => / -p '(.*)'$/.exec(c)?.[1] ?? []);

/** Each point under "Mitigation", with the code that belongs to it. */
export const remedies = (text: string): string[] => /^## Mitigation\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(text)?.[1]?.split(/^- /m).slice(1) ?? [];

/** The arguments of a kubectl command of the page for one resource; what the shell does with its output is left out. */
export const kubectlArguments = (command: string, values: Readonly<Record<string, string>>): string[] | undefined => {
  if (!command.startsWith("kubectl ")) return undefined;
  const words = [...command.slice("kubectl ".length).matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word);
  const end = words.findIndex((word) => word === "|" || word === "&" || word.endsWith(";"));
  return words.slice(0, end === -1 ? undefined : end).map((word) => word.replaceAll(/\$([A-Z]+)/g, (whole, name: string) => values[name] ?? whole).replaceAll("'", ""));
};

/** Indented code as a person would paste it: the lines that stand together. */
export const scripts = (text: string): string[] =>
  text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").split(/\n(?! {4}| {6,8}\S)/).flatMap((part) => {
    const lines = commands(part);
    return lines.length > 0 ? [lines.join("\n")] : [];
  });
