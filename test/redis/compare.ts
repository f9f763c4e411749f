// When two replies count as equal: byte for byte, except where Redis itself leaves the answer open.
import type { Command } from "./connection.ts";
import { isError, type Reply } from "./reply.ts";

type Alike = (a: Reply, b: Reply) => boolean;

const exact: Alike = (a, b) => a.raw.equals(b.raw);
const shape: Alike = (a, b) => a.type === b.type && (a.text === undefined) === (b.text === undefined);

/** Two servers take a command at two times. */
const near = (tolerance: number): Alike => (a, b) => {
  const [x, y] = [Number(a.text), Number(b.text)];
  return a.type === b.type && (x < 0 || y < 0 ? x === y : Math.abs(x - y) <= tolerance);
};

const sorted = (reply: Reply) => reply.items.map((item) => item.raw.toString("latin1")).toSorted();
const unordered: Alike = (a, b) => a.type === b.type && JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const scanStep: Alike = (a, b) => shape(a, b) && a.items.length === b.items.length && a.items.every((item, i) => item.type === b.items[i]?.type);

/** Field names in their order, not what is in them. */
const fields: Alike = (a, b) => shape(a, b) && names(a) === names(b);
const names = (reply: Reply) => reply.items.filter((_, i) => i % 2 === 0).map((item) => item.text).join();

const secondsApart = 5;
const open: Readonly<Record<string, Alike>> = {
  ttl: near(secondsApart),
  pttl: near(secondsApart * 1000),
  expiretime: near(secondsApart),
  pexpiretime: near(secondsApart * 1000),
  keys: unordered,
  scan: scanStep,
  randomkey: shape,
  hello: fields,
  time: shape,
  info: shape,
  command: shape,
  "command|count": shape,
  "command|docs": shape,
  "command|info": shape,
  "command|list": shape,
  "config|get": shape,
  "client|id": shape,
  "client|info": shape,
  "client|list": shape,
  // how a value lies in memory is the server's own affair
  "object|encoding": shape,
  "memory|usage": shape,
};

const alikeFor = (command: Command): Alike => {
  const [name = "", sub = ""] = command.map((arg) => arg.toLowerCase());
  return open[`${name}|${sub}`] ?? open[name] ?? exact;
};

export const sameReply = (command: Command, a: Reply, b: Reply): boolean => (isError(a) || isError(b) ? exact : alikeFor(command))(a, b);

/** Follows one connection, because what EXEC answers is compared by the commands that it ran. */
export const createComparer = () => {
  let queued: Command[] | undefined;
  return (command: Command, a: Reply, b: Reply): boolean => {
    const name = command[0]?.toLowerCase();
    if (name === "exec" && queued && a.type === "*" && b.type === "*") {
      const ran = queued;
      queued = undefined;
      return a.items.length === ran.length && b.items.length === ran.length && ran.every((each, i) => sameReply(each, a.items[i] as Reply, b.items[i] as Reply));
    }
    if (a.text === "QUEUED" && queued) {
      queued.push(command);
      return exact(a, b);
    }
    if (name === "multi" && !isError(a)) queued = [];
    // refused, DISCARD and RESET leave the transaction open; EXEC does not
    else if (name === "exec" || ((name === "discard" || name === "reset") && !isError(a))) queued = undefined;
    return sameReply(command, a, b);
  };
};
