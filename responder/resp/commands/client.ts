// CLIENT: what the server knows of its clients.
import { readInteger } from "../numbers.ts";
import type { Call, ClientView, Command } from "./command.ts";
import { badClientName, isClientName } from "./connection.ts";
import { syntaxError } from "./errors.ts";

const describe = (call: Call, { session: s, pendingInput, pendingOutput, isAsleep }: ClientView): string => {
  const now = call.store.now();
  const age = (at: number) => Math.floor((now - at) / 1000);
  return (
    `id=${s.id} addr=${s.address} laddr=${s.localAddress} fd=${s.id} name=${s.name} age=${age(s.since)} idle=${age(s.lastAt)} flags=${isAsleep ? "b" : s.transaction ? "x" : "N"} db=0 sub=0 psub=0 ssub=0 ` +
    `multi=${s.transaction?.commands.length ?? -1} qbuf=${pendingInput} qbuf-free=0 argv-mem=0 multi-mem=${s.transaction?.bytes ?? 0} rbs=0 rbp=0 obl=0 oll=0 omem=${pendingOutput} tot-mem=${pendingInput + pendingOutput} ` +
    `events=r cmd=${s.lastCommand || "NULL"} user=default redir=-1 resp=${s.protocol} lib-name=${s.libraryName} lib-ver=${s.libraryVersion}\n`
  );
};

const types = new Set(["normal", "master", "replica", "slave", "pubsub"]);

const own = ({ server, session }: Call): ClientView[] => {
  const view = server.client(session.id);
  return view ? [view] : [];
};

const list = (call: Call): void => {
  const { args, reply, server } = call;
  let chosen: Iterable<ClientView> = server.clients();
  if (args.count > 2) {
    const filter = args.word(2);
    if (filter === "type" && args.count === 4) {
      const type = args.word(3);
      if (!types.has(type)) return reply.error(`ERR Unknown client type '${args.shown(3)}'`);
      if (type !== "normal") chosen = [];
    } else if (filter === "id" && args.count > 3) {
      const found: ClientView[] = [];
      for (let i = 3; i < args.count; i++) {
        const id = readInteger(args.buffer(i), args.from[i] as number, args.to[i] as number);
        if (Number.isNaN(id)) return reply.error("ERR Invalid client ID");
        const view = server.client(id);
        if (view) found.push(view);
      }
      chosen = found;
    } else return reply.error(syntaxError);
  }
  reply.verbatim(Array.from(chosen, (view) => describe(call, view)).join(""));
};

const setname = ({ args, reply, session }: Call): void => {
  const name = args.text(2);
  if (!isClientName(name)) return reply.error(badClientName);
  session.name = name;
  reply.ok();
};

const setinfo = ({ args, reply, session }: Call): void => {
  const attribute = args.word(2);
  if (attribute !== "lib-name" && attribute !== "lib-ver") return reply.error(`ERR Unrecognized option '${args.shown(2)}'`);
  const value = args.text(3);
  if (!isClientName(value)) return reply.error(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  if (attribute === "lib-name") session.libraryName = value;
  else session.libraryVersion = value;
  reply.ok();
};

/** ON or OFF. */
const flag =
  (set: (call: Call, on: boolean) => void) =>
  (call: Call): void => {
    const word = call.args.word(2);
    if (word !== "on" && word !== "off") return call.reply.error(syntaxError);
    set(call, word === "on");
    call.reply.ok();
  };

const replies = ({ args, reply, session }: Call): void => {
  const word = args.word(2);
  if (word === "on") {
    session.replies = "on";
    reply.ok();
  } else if (word === "off") {
    session.replies = "off";
  } else if (word === "skip") {
    if (session.replies !== "off") session.replies = "skip";
  } else reply.error(syntaxError);
};

type Filter = (view: ClientView) => boolean;

/** The test for one pair of words; undefined: an error was written. Clients are all of one type and one user. */
const readFilter = ({ args, reply, session: own }: Call, i: number): Filter | undefined => {
  const name = args.word(i);
  const value = i + 1 < args.count ? args.text(i + 1) : undefined;
  const refuse = (error: string): undefined => void reply.error(error);
  if (value === undefined) return refuse(syntaxError);
  if (name === "id") {
    const id = readInteger(args.buffer(i + 1), args.from[i + 1] as number, args.to[i + 1] as number);
    return id >= 1 ? ({ session }) => session.id === id : refuse("ERR client-id should be greater than 0");
  }
  if (name === "addr") return ({ session }) => session.address === value;
  if (name === "laddr") return ({ session }) => session.localAddress === value;
  if (name === "user") return value === "default" ? () => true : refuse(`ERR No such user '${args.shown(i + 1)}'`);
  if (name === "type") {
    const type = value.toLowerCase();
    return types.has(type) ? () => type === "normal" : refuse(`ERR Unknown client type '${args.shown(i + 1)}'`);
  }
  const skips = name === "skipme" ? { yes: true, no: false }[value.toLowerCase()] : undefined;
  return skips === undefined ? refuse(syntaxError) : ({ session }) => !skips || session !== own;
};

/** undefined: an error was written. */
const chooseVictims = (call: Call): ClientView[] | undefined => {
  const { args, reply, server, session: own } = call;
  const everybody = [...server.clients()];
  // the old form: an address, and nothing found is an error
  if (args.count === 3) {
    const address = args.text(2);
    const found = everybody.filter(({ session }) => session.address === address);
    if (found.length > 0) return found;
    reply.error("ERR No such client");
    return undefined;
  }
  // of two with one name the last is meant
  const filters = new Map<string, Filter>([["skipme", ({ session }) => session !== own]]);
  for (let i = 2; i < args.count; i += 2) {
    const filter = readFilter(call, i);
    if (!filter) return undefined;
    filters.set(args.word(i), filter);
  }
  return everybody.filter((view) => filters.values().every((accepts) => accepts(view)));
};

const kill = (call: Call): void => {
  const { args, reply, session } = call;
  const victims = chooseVictims(call);
  if (!victims) return;
  for (const view of victims) {
    if (view.session === session) session.closing = true;
    else view.kill();
  }
  if (args.count === 3) reply.ok();
  else reply.integer(victims.length);
};

const administrative = new Set(["list", "kill", "no-evict"]);

const sub = (name: string, arity: number, since: string, summary: string, run: Command["run"], difference?: string): Command => ({
  name: `client|${name}`,
  arity,
  flags: [...(administrative.has(name) ? (["admin"] as const) : []), "noscript", "loading", "stale"],
  group: "connection",
  since,
  complexity: ["list", "kill"].includes(name) ? "O(N) where N is the number of client connections" : "O(1)",
  summary,
  ...(difference === undefined ? {} : { difference }),
  run,
});

export const clientCommand: Command = {
  name: "client",
  arity: -2,
  flags: [],
  group: "connection",
  since: "2.4.0",
  complexity: "Depends on subcommand",
  summary: "A container for client connection commands",
  subcommands: [
    sub("id", 2, "5.0.0", "Returns the client ID for the current connection", ({ reply, session }) => reply.integer(session.id)),
    sub("getname", 2, "2.6.9", "Get the current connection name", ({ reply, session }) => (session.name === "" ? reply.nil() : reply.text(session.name))),
    sub("setname", 3, "2.6.9", "Set the current connection name", setname),
    sub("setinfo", 4, "7.2.0", "Set client or connection specific info", setinfo),
    sub("info", 2, "6.2.0", "Returns information about the current client connection.", (call) => call.reply.verbatim(own(call).map((view) => describe(call, view)).join("")), "Buffers are shown as far as they wait; fd is the id."),
    sub("list", -2, "2.4.0", "Get the list of client connections", list),
    sub("kill", -3, "2.4.0", "Kill the connection of a client", kill),
    sub("reply", 3, "3.2.0", "Instruct the server whether to reply to commands", replies),
    sub("no-evict", 3, "7.0.0", "Set client eviction mode for the current connection", flag(({ session }, on) => void (session.noEvict = on)), "Accepted; clients are never evicted for memory that they do not hold."),
    sub("no-touch", 3, "7.2.0", "Controls whether commands sent by the client will alter the LRU/LFU of the keys they access", flag(({ session }, on) => void (session.noTouch = on)), "Accepted and without effect."),
  ],
  run: () => {},
};
