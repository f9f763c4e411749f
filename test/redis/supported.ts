// The names of all commands that ours has, from its own table.
import { commands } from "../../responder/resp/commands/table.ts";

/** Subcommands as "client|id", in the place of their container. COMMAND is one by itself as well. */
export const supported: readonly string[] = commands.flatMap(({ name, subcommands }) => [
  ...(subcommands === undefined || name === "command" ? [name] : []),
  ...(subcommands ?? []).map((each) => each.name),
]);
