// COMMAND: the table of commands, told to clients.
import { matchesGlob } from "../glob.ts";
import type { Call, Command } from "./command.ts";
import { syntaxError } from "./errors.ts";
import { keyPositions } from "./keys.ts";

const categories = ({ name, flags, group, keys }: Command): string[] => {
  const dangerous = flags.includes("admin") || ["keys", "flushall", "flushdb", "info", "client|list", "client|kill"].includes(name);
  return [
    ...(group === "string" ? ["@string"] : []),
    ...(group === "generic" && name !== "wait" ? ["@keyspace"] : []),
    // about this connection's writes, whatever their keys
    ...(group === "connection" || name === "wait" ? ["@connection"] : []),
    ...(group === "transactions" ? ["@transaction"] : []),
    ...(flags.includes("write") ? ["@write"] : []),
    ...(flags.includes("readonly") || (keys && !flags.includes("write")) ? ["@read"] : []),
    ...(flags.includes("admin") ? ["@admin"] : []),
    ...(dangerous ? ["@dangerous"] : []),
    flags.includes("fast") ? "@fast" : "@slow",
  ];
};

const writeInfo = (call: Call, command: Command): void => {
  const { reply } = call;
  const { name, arity, flags, keys, subcommands = [] } = command;
  reply.array(10);
  reply.text(name);
  reply.integer(arity);
  reply.set(flags.length);
  for (const flag of flags) reply.simple(flag);
  reply.integer(keys?.first ?? 0);
  reply.integer(keys?.last ?? 0);
  reply.integer(keys?.step ?? 0);
  const given = categories(command);
  reply.set(given.length);
  for (const category of given) reply.simple(category);
  reply.array(0);
  reply.array(0);
  reply.array(subcommands.length);
  for (const each of subcommands) writeInfo(call, each);
};

const writeDocs = (call: Call, { name, summary, since, group, complexity, subcommands = [] }: Command): void => {
  const { reply } = call;
  reply.text(name);
  reply.map(subcommands.length > 0 ? 5 : 4);
  for (const text of ["summary", summary, "since", since, "group", group, "complexity", complexity]) reply.text(text);
  if (subcommands.length === 0) return;
  reply.text("subcommands");
  reply.map(subcommands.length);
  for (const each of subcommands) writeDocs(call, each);
};

export const commandCommand = (table: readonly Command[]): Command => {
  const find = (given: string): Command | undefined => {
    const [container, rest] = given.toLowerCase().split("|", 2);
    const command = table.find(({ name }) => name === container);
    return rest === undefined ? command : command?.subcommands?.find(({ name }) => name === `${container}|${rest}`);
  };
  const all = (call: Call): void => {
    const { reply } = call;
    reply.array(table.length);
    for (const each of table) writeInfo(call, each);
  };
  const info = (call: Call): void => {
    const { args, reply } = call;
    if (args.count === 2) return all(call);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      const command = find(args.text(i));
      if (command) writeInfo(call, command);
      else reply.nil();
    }
  };
  const docs = (call: Call): void => {
    const { args, reply } = call;
    const asked = args.count === 2 ? table : Array.from({ length: args.count - 2 }, (_, i) => find(args.text(i + 2))).filter((command) => command !== undefined);
    reply.map(asked.length);
    for (const each of asked) writeDocs(call, each);
  };
  const list = (call: Call): void => {
    const { args, reply } = call;
    let chosen = table.flatMap((command) => [command, ...(command.subcommands ?? [])]);
    if (args.count > 2) {
      if (args.count !== 5 || args.word(2) !== "filterby") return reply.error(syntaxError);
      const value = args.text(4);
      const by = args.word(3);
      if (by === "module") chosen = [];
      else if (by === "aclcat") chosen = chosen.filter((command) => categories(command).includes(`@${value.toLowerCase()}`));
      else if (by === "pattern") chosen = chosen.filter(({ name }) => matchesGlob(Buffer.from(value.toLowerCase()), Buffer.from(name), 0, name.length));
      else return reply.error(syntaxError);
    }
    reply.array(chosen.length);
    for (const { name } of chosen) reply.text(name);
  };
  const getkeys = (call: Call): void => {
    const { args, reply } = call;
    let command = find(args.text(2));
    if (command?.subcommands && args.count > 3) command = find(`${args.text(2)}|${args.text(3)}`);
    if (!command) return reply.error("ERR Invalid command specified");
    if (!command.keys) return reply.error("ERR The command has no key arguments");
    const count = args.count - 2;
    if (command.arity > 0 ? count !== command.arity : count < -command.arity) return reply.error("ERR Invalid number of arguments specified for command");
    const positions = keyPositions(command.keys, count);
    reply.array(positions.length);
    for (const i of positions) reply.bulk(args.buffer(i + 2), args.from[i + 2], args.to[i + 2]);
  };

  const sub = (name: string, arity: number, since: string, complexity: string, summary: string, run: Command["run"]): Command => ({
    name: `command|${name}`,
    arity,
    flags: ["loading", "stale"],
    group: "server",
    since,
    complexity,
    summary,
    run,
  });
  const perCommand = "O(N) where N is the number of commands to look up";
  return {
    name: "command",
    arity: -1,
    flags: ["loading", "stale"],
    group: "server",
    since: "2.8.13",
    complexity: "O(N) where N is the total number of commands",
    summary: "Get array of command details",
    difference: "The commands of this page; tips and key specifications are left empty.",
    subcommands: [
      sub("count", 2, "2.8.13", "O(1)", "Get total number of commands", ({ reply }) => reply.integer(table.length)),
      sub("info", -2, "2.8.13", perCommand, "Get array of specific command details", info),
      sub("docs", -2, "7.0.0", perCommand, "Get array of specific command documentation", docs),
      sub("list", -2, "7.0.0", "O(N) where N is the total number of commands", "Get an array of command names", list),
      sub("getkeys", -4, "2.8.13", "O(N) where N is the number of arguments to the command", "Extract keys given a full command", getkeys),
    ],
    run: all,
  };
};
