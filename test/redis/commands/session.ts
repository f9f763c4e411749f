// Commands about the connection, the server and transactions.
import fc from "fast-check";
import { key, odd, value } from "../arguments.ts";
import { command, many, option, options, type Family } from "./compose.ts";

const name = fc.constantFrom("me", "", "with space", "new\nline", "\xff", "a-b_c:1", "~!@");
const version = fc.constantFrom("2", "3", "2", "3", "1", "4", "abc", "", "2.0", "-1");
const few = fc.array(odd, { maxLength: 3 });

export const connections: Family = {
  ping: fc.oneof(command("ping"), command("ping", value), command("ping", value, value)),
  echo: command("echo", value),
  hello: fc.oneof(command("hello"), command("hello", version), command("hello", version, options(option("SETNAME", name), fc.constant(["AUTH", "default"]), fc.constant("nonsense")))),
  select: command("select", fc.constantFrom("0", "0", "1", "-1", "16", "abc", "", "9223372036854775808")),
  reset: command("reset"),
  quit: command("quit"),
  "client|id": command("client|id"),
  "client|getname": command("client|getname"),
  "client|setname": command("client|setname", name),
  "client|info": command("client|info"),
  "client|list": command("client|list", options(option("TYPE", fc.constantFrom("normal", "nonsense")), option("ID", fc.constantFrom("abc", "0", "999999")))),
  "client|no-evict": command("client|no-evict", fc.constantFrom("on", "OFF", "maybe")),
  "client|kill": command("client|kill", options(option("ID", fc.constantFrom("0", "abc", "999999")), option("ADDR", fc.constant("127.0.0.1:1")), fc.constant("127.0.0.1:1"), option("SKIPME", fc.constantFrom("yes", "maybe")))),
  "client|reply": command("client|reply", fc.constantFrom("on", "ON", "maybe", "")),
};

export const servers: Family = {
  time: command("time"),
  info: command("info", fc.constantFrom([], ["server"], ["everything"], ["nonsense"], ["clients", "memory"])),
  command: command("command"),
  "command|count": command("command|count"),
  "command|docs": command("command|docs", fc.constantFrom(["get"], ["nonsense"], ["GET", "set"])),
  "command|info": command("command|info", fc.constantFrom(["get"], ["nonsense"], ["GET", "set"])),
  "command|list": command("command|list"),
  "command|getkeys": command("command|getkeys", fc.constantFrom(["get", "a"], ["mset", "a", "1", "b", "2"], ["ping"], ["nonsense"], ["get"])),
  "config|get": command("config|get", fc.constantFrom("maxmemory", "nonsense", "save", "appendonly")),
  "config|resetstat": command("config|resetstat"),
  "memory|usage": command("memory|usage", key, options(option("SAMPLES", fc.constantFrom("0", "5")))),
};

export const transactions: Family = {
  multi: command("multi"),
  exec: command("exec"),
  discard: command("discard"),
};

/** Names that no server knows. */
export const unknown = fc
  .tuple(fc.constantFrom("foo", "FOO", "", "a".repeat(200), "new\r\nline", "nul\0here", "get ", "\xff", "client|id", "quote'd"), fc.oneof(few, many(value, 3)))
  .map(([name, args]) => [name, ...args]);
/** Subcommands that no server knows, and containers without one. */
export const unknownSub = fc
  .tuple(fc.constantFrom("client", "config", "command", "object", "memory"), fc.oneof(fc.constant([]), fc.tuple(fc.constantFrom("foo", "", "a".repeat(200), "new\r\nline"), few).map(([sub, args]) => [sub, ...args])))
  // COMMAND alone is a command
  .filter(([container, rest]) => container !== "command" || rest.length > 0)
  .map(([container, rest]) => [container, ...rest]);
