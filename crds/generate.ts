// Program: writes the CRD, the API's documentation and the chart's schema from the zod schemas. `node crds/generate.ts`
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { artefacts } from "./artefacts.ts";

const root = resolve(import.meta.dirname, "..");

for (const [path, text] of Object.entries(artefacts())) {
  await mkdir(dirname(resolve(root, path)), { recursive: true });
  await writeFile(resolve(root, path), text);
  console.log(path);
}
