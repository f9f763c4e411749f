// The files under examples/ and the objects in them.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../cluster/types.ts";

const folder = resolve(import.meta.dirname, "../../examples");

/** Relative to examples/. */
export const exampleFiles = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

export const examplePath = (file: string): string => join(folder, file);

export const exampleText = (file: string): string => readFileSync(examplePath(file), "utf8");

/** Throws when it is no YAML. */
export const exampleDocuments = <T = Manifest>(file: string): T[] =>
  parseAllDocuments(exampleText(file))
    .map((document) => {
      if (document.errors[0]) throw new Error(`examples/${file}`, { cause: document.errors[0] });
      return document.toJS() as T | null;
    })
    .filter((document) => document !== null);

/** The one object of this kind and name. */
export const exampleObject = (file: string, kind: string, name: string): Manifest => {
  const found = exampleDocuments(file).filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1) throw new Error(`examples/${file} has ${found.length} ${kind} ${name}`);
  return found[0] as Manifest;
};

/** One file in a ConfigMap. */
export const configFile = (file: string, name: string, key: string): string => {
  const text = (exampleObject(file, "ConfigMap", name)["data"] as Record<string, string>)[key];
  if (text === undefined) throw new Error(`examples/${file}: ConfigMap ${name} has no ${key}`);
  return text;
};
