// A client of the Redis protocol that the benches time: commands in, replies out in their order.
import { once } from "node:events";
import { connect } from "node:net";

/** A bulk reply's text; undefined: the null reply. Arrays are flat. */
export type Reply = string | undefined | readonly (string | undefined)[];

export interface Client {
  /** Throws an error reply. */
  command(...args: readonly string[]): Promise<Reply>;
  /** Many of them in one packet. */
  pipeline(commands: readonly (readonly string[])[]): Promise<Reply[]>;
  close(): void;
}

const encode = (args: readonly string[]): string => `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;

interface Parsed {
  readonly reply: Reply | Error;
  readonly end: number;
}

/** undefined: not all of it has come. */
const parse = (text: string, at: number): Parsed | undefined => {
  const line = text.indexOf("\r\n", at);
  if (line < 0) return undefined;
  const head = text.slice(at + 1, line);
  const kind = text[at];
  if (kind === "-") return { reply: new Error(head), end: line + 2 };
  if (kind === "$") {
    const length = Number(head);
    if (length < 0) return { reply: undefined, end: line + 2 };
    const end = line + 2 + length + 2;
    return text.length < end ? undefined : { reply: text.slice(line + 2, end - 2), end };
  }
  if (kind !== "*") return { reply: head, end: line + 2 };
  const items: (string | undefined)[] = [];
  let end = line + 2;
  for (let left = Number(head); left > 0; left--) {
    const item = parse(text, end);
    if (!item) return undefined;
    items.push(typeof item.reply === "string" ? item.reply : undefined);
    end = item.end;
  }
  return { reply: items, end };
};

/** Keys and values are taken byte for byte (latin1). */
export const openClient = async (port: number): Promise<Client> => {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const waiting: { resolve: (reply: Reply) => void; reject: (err: Error) => void }[] = [];
  let rest = "";
  socket.on("data", (chunk: Buffer) => {
    rest += chunk.toString("latin1");
    let at = 0;
    for (let parsed = parse(rest, at); parsed; parsed = at < rest.length ? parse(rest, at) : undefined) {
      at = parsed.end;
      const { reply } = parsed;
      const first = waiting.shift();
      if (reply instanceof Error) first?.reject(reply);
      else first?.resolve(reply);
    }
    rest = rest.slice(at);
  });
  const end = () => {
    for (const { reject } of waiting.splice(0)) reject(new Error("the connection ended before the reply"));
  };
  socket.on("error", end);
  socket.on("close", end);
  const expect = () => new Promise<Reply>((resolve, reject) => waiting.push({ resolve, reject }));
  return {
    command: (...args) => {
      socket.write(encode(args), "latin1");
      return expect();
    },
    pipeline: (commands) => {
      socket.write(commands.map(encode).join(""), "latin1");
      return Promise.all(commands.map(expect));
    },
    close: () => socket.destroy(),
  };
};
