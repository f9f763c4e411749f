// `node test/cluster/prepare.ts [tool...]`: builds what a full test run needs, or just these tools.
import { resolveTools } from "./toolchain.ts";
import { isToolName, toolNames } from "./tools.ts";

const asked = process.argv.slice(2);
const stranger = asked.find((name) => !isToolName(name));
if (stranger !== undefined) {
  console.error(`unknown tool ${stranger}: choose from ${toolNames.join(", ")}`);
  process.exit(2);
}
try {
  const found = await resolveTools(asked.length > 0 ? asked.filter(isToolName) : toolNames, { log: console.log });
  for (const [name, path] of Object.entries(found)) console.log(`${name.padEnd(28)}${path}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
