// Program: writes the generated parts of docs/http-api.md. `node responder/http/generate.ts`
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { withGenerated } from "./docs.ts";

const page = resolve(import.meta.dirname, "../../docs/http-api.md");
await writeFile(page, withGenerated(await readFile(page, "utf8")));
process.stdout.write("docs/http-api.md\n");
