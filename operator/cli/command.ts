// The command line of kvr: which command is asked for, and what is common to them.
import { renderCommand } from "./render-command.ts";
import { statusCommand } from "./status-command.ts";
import { UsageError, usage, type Streams } from "./usage.ts";

const commands: Readonly<Record<string, (args: readonly string[], streams: Streams) => Promise<number>>> = { render: renderCommand, status: statusCommand };

const isHelp = (arg: string): boolean => arg === "--help" || arg === "-h";

/** Returns the exit code: 0 done (of status: all Ready), 1 the input is not valid (not all Ready), 2 the command line is not, or the cluster does not answer it. */
export const kvr = async ([name, ...args]: readonly string[], streams: Streams): Promise<number> => {
  if (name !== undefined && [name, ...args].some(isHelp)) {
    streams.out(usage);
    return 0;
  }
  try {
    if (name === undefined) throw new UsageError("no command given");
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new UsageError(`unknown command ${JSON.stringify(name)}`);
    return await command(args, streams);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    streams.err(`${error.message}\n\n${usage}`);
    return 2;
  }
};
