// All commands that are served. COMMAND, the documentation and the tests' checklist are made from it.
import { clientCommand } from "./client.ts";
import type { Command } from "./command.ts";
import { connectionCommands } from "./connection.ts";
import { counterCommands } from "./counters.ts";
import { expiryCommands } from "./expiry.ts";
import { genericCommands } from "./generic.ts";
import { commandCommand } from "./introspection.ts";
import { manyCommands } from "./many.ts";
import { rangeCommands } from "./ranges.ts";
import { serverCommands } from "./server.ts";
import { stringCommands } from "./strings.ts";
import { transactionCommands } from "./transactions.ts";
import { waitCommand } from "./wait.ts";

const table: Command[] = [
  ...stringCommands,
  ...counterCommands,
  ...rangeCommands,
  ...manyCommands,
  ...genericCommands,
  ...expiryCommands,
  waitCommand,
  ...transactionCommands,
  ...connectionCommands,
  clientCommand,
  ...serverCommands,
];
table.push(commandCommand(table));

export const commands: readonly Command[] = table;
