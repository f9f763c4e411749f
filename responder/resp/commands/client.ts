// CLIENT: what the server knows of its clients.
import { readInteger } from "../numbers.ts";
import type { Call, ClientView, Command } from "./command.ts";
import { badClientName, isClientName } from "./connection.ts";
import { syntaxError } from "./errors.ts";

const describe = (call: Call, { session: s, pendingInput, pendingOutput }: ClientView): string => {
  const now = call.store.now();
  const age = (at: number) => Math.floor((now - at) / 1000);
  return (
    `id=${s.id} addr=${s.address} laddr=${s.localAddress} fd=${s.id} name=${s.name} age=${age(s.since)} idle=${age(s.lastAt)} flags=${s.transaction ? "x" : "N"} db=0 sub=0 psub=0 ssub=0 ` +
    `multi=${s.transaction?.commands.length ?? -1} qbuf=${pendingInput} qbuf-free=0 argv-mem=0 multi-mem=${s.transaction?.bytes ?? 0} rbs=0 rbp=0 obl=0 oll=0 omem=${pendingOutput} tot-mem=${pendingInput + pendingOutput} ` +
    `events=r cmd=${s.lastCommand || "NULL"} user=default redir=-1 resp=${s.protocol} lib-name=${s.libraryName} lib-ver=${s.libraryVersion}\n`
  );
};

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
      if (!["normal", "master", "replica", "slave", "pubsub"].includes(type)) return reply.error(`ERR Unknown client type '${args.text(3)}'`);
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
  if (attribute !== "lib-name" && attribute !== "lib-ver") return reply.error(`ERR Unrecognized option '${args.text(2)}'`);
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

const kill = (call: Call): void => {
  const { args, reply, server, session } = call;
  const victims = new Set(server.clients());
  const keepIf = (test: (view: ClientView) => boolean) => {
    for (const view of victims) if (!test(view)) victims.delete(view);
  };
  // the old form: an address, and nothing found is an error
  const old = args.count === 3;
  let skipMe = !old;
  if (old) {
    const address = args.text(2);
    keepIf((view) => view.session.address === address);
    if (victims.size === 0) return reply.error("ERR No such client");
  } else {
    if (args.count % 2 === 1) return reply.error(syntaxError);
    for (let i = 2; i < args.count; i += 2) {
      const filter = args.word(i);
      const value = args.text(i + 1);
      if (filter === "id") {
        const id = Number(value);
        if (!/^\d{1,15}$/.test(value) || id < 1) return reply.error("ERR client-id should be greater than 0");
        keepIf((view) => view.session.id === id);
      } else if (filter === "addr") keepIf((view) => view.session.address === value);
      else if (filter === "laddr") keepIf((view) => view.session.localAddress === value);
      else if (filter === "user") keepIf(() => value === "default");
      else if (filter === "type") keepIf(() => value.toLowerCase() === "normal");
      else if (filter === "skipme" && /^(yes|no)$/i.test(value)) skipMe = value.toLowerCase() === "yes";
      else return reply.error(syntaxError);
    }
    if (skipMe) keepIf((view) => view.session.id !== session.id);
  }
  for (const view of victims) {
    if (view.session.id === session.id) session.closing = true;
    else view.kill();
  }
  if (old) reply.ok();
  else reply.integer(victims.size);
};

const sub = (name: string, arity: number, since: string, summary: string, run: Command["run"], difference?: string): Command => ({
  name: `client|${name}`,
  arity,
  flags: ["noscript", "loading", "stale"],
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
