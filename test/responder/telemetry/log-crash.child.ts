// Logs many lines in one turn and throws.
import { reportCrash } from "#lib/lifecycle";
import { createLogger } from "#telemetry/logger";

const log = createLogger({ base: {} });
reportCrash({ signals: process, log, exit: (code) => process.exit(code) });
for (let n = 0; n < Number(process.argv[2]); n++) log.info({ n }, "line");
throw new Error("crash");
