// docs/redis-compatibility.md, made from the table of commands, the limits and the tested differences.
import type { Command, CommandGroup } from "../../responder/resp/commands/command.ts";
import { commands } from "../../responder/resp/commands/table.ts";
import { defaultLimits, maxKeyBytes } from "../../responder/resp/limits.ts";
import { redisVersion } from "../../responder/resp/version.ts";
import { differences } from "../redis/differences.ts";

const titles: Readonly<Record<CommandGroup, string>> = { string: "Values", generic: "Keys", transactions: "Transactions", connection: "Connections", server: "Server" };

const cell = (text: string) => text.replaceAll("|", String.raw`\|`);
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

const mebibytes = (bytes: number) => `${bytes / 2 ** 20} MiB`;
const kibibytes = (bytes: number) => `${bytes / 1024} KiB`;
const seconds = (ms: number) => `${ms / 1000} s`;

/** A container stands as its subcommands. */
const rowsOf = (group: CommandGroup): string[][] =>
  commands
    .filter((command) => command.group === group)
    .flatMap((command): Command[] => (command.subcommands ? [...(command.name === "command" ? [command] : []), ...command.subcommands] : [command]))
    .map(({ name, since, complexity, summary, difference }) => [`\`${name.replace("|", " ").toUpperCase()}\``, since, complexity, summary.replace(/\.$/, ""), difference ?? ""]);

const limits: readonly (readonly [what: string, limit: string, beyond: string])[] = [
  ["Connections", "`KVR_MAX_CONNECTIONS`, 10 000 by default", "`-ERR max number of clients reached`, closed"],
  ["Key", `1 to ${maxKeyBytes} bytes`, "`-ERR invalid key`"],
  ["Value", "`spec.cache.maxValueBytes`, 1 MiB by default", "`-ERR string exceeds maximum allowed size`; the connection goes on"],
  ["Arguments of a command", `${defaultLimits.multibulk}, and ${mebibytes(defaultLimits.frameBytes)} without those above 64 KiB`, "`-ERR Protocol error`, closed"],
  ["One argument", mebibytes(defaultLimits.bulkBytes), "`-ERR Protocol error: invalid bulk length`, closed"],
  ["Inline command", kibibytes(defaultLimits.lineBytes), "`-ERR Protocol error: too big inline request`, closed"],
  ["Before AUTH", `${defaultLimits.strangerMultibulk} arguments of ${kibibytes(defaultLimits.strangerBulkBytes)}`, "`-ERR Protocol error: unauthenticated ...`, closed"],
  ["Unfinished and queued commands, all clients together", mebibytes(defaultLimits.inputBudgetBytes), "`-ERR too many unfinished commands are held`, closed"],
  ["One reply", `${mebibytes(defaultLimits.replyBytes)} without the values above 64 KiB`, "closed"],
  ["Replies that nobody reads, all clients together", mebibytes(defaultLimits.outputBudgetBytes), "the client that holds most is closed"],
  ["A reply that is not read", seconds(defaultLimits.stalledMs), "closed"],
  ["Idle time", "none; TCP keepalive is on", ""],
];

/** The whole page. */
export const redisCompatibility = (): string => `# Redis compatibility

<!-- Generated from responder/resp and test/redis/differences.ts; \`UPDATE_GOLDEN=1 vitest run test/responder/resp/docs.test.ts\` writes it. -->

The responder speaks RESP2 and RESP3 on port 6379 when \`spec.protocols.resp.enabled\` is set, over the same entries as HTTP: what is put by one is read by the other.
It shows itself as Redis ${redisVersion}, whose replies and errors it gives, word for word; a test sends random commands to it and to a Redis ${redisVersion.slice(0, 3)} and compares.

<!-- not run: it wants a pod of the tenant's namespace that has redis-cli; getting-started.md runs one through a port-forward -->
\`\`\`sh
REDISCLI_AUTH=$TOKEN redis-cli -h kv-responder-NAME SET greeting hello EX 60
\`\`\`

Any other command gets Redis's own \`-ERR unknown command\`.

## What differs

${table(
  ["About", "Redis", "Here", "Why"],
  differences.map(({ subject, redis, ours, why }) => [subject, redis, ours, why]),
)}

## Limits

What is refused or closed by a limit is counted in \`/metrics\`.

${table(["What", "Limit", "Beyond it"], limits)}

A connection has its turn with about ${defaultLimits.workPerTurn} commands; then the others have theirs, and the rest of a pipeline goes on after them. \`KEYS\` is spread over turns in the same way; \`EXEC\` runs in one.

## When a pod stops

It accepts nothing new, answers every command that has arrived, and closes each connection when nothing has come for ${defaultLimits.quietMs} ms; one that is never quiet is closed after ${seconds(defaultLimits.patienceMs)} right after an answer. It closes by FIN, never by reset, so that clients reconnect and go on.

## Commands

${(Object.keys(titles) as CommandGroup[])
  .map((group) => `### ${titles[group]}\n\n${table(["Command", "Since Redis", "Complexity", "What it does", "Difference"], rowsOf(group))}`)
  .join("\n\n")}
`;
