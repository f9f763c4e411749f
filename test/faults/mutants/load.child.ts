// Loads the tree with one mutant in it: node --import this, with MUTANT=number.
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { mutants } from "./mutants.ts";

const mutant = mutants[Number(process.env["MUTANT"])];
if (!mutant) throw new Error("MUTANT must be the number of one");
const target = pathToFileURL(resolve(import.meta.dirname, "../../..", mutant.file)).href;

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (url !== target) return loaded;
    const text = String(loaded.source);
    if (text.split(mutant.from).length !== 2) throw new Error(`${mutant.name}: the text to change does not stand in ${mutant.file} exactly once`);
    return { ...loaded, source: text.replace(mutant.from, () => mutant.to) };
  },
});
