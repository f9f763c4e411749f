// Fills a server of the Redis protocol: pipelined SETs in batches, each batch awaited; and single commands.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const perBatch = 2_000;

const frame = (args: readonly string[]): string => `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`;

const open = async (port: number): Promise<Socket> => {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
};

export interface Fill {
  readonly port: number;
  readonly entries: number;
  readonly key: (i: number) => string;
  readonly value: string;
  /** Absent: the server's default. */
  readonly ttlSeconds?: number;
}

/** Throws when a SET is refused. */
export const fill = async ({ port, entries, key, value, ttlSeconds }: Fill): Promise<void> => {
  const socket = await open(port);
  const ttl = ttlSeconds === undefined ? [] : ["EX", String(ttlSeconds)];
  const ok = "+OK\r\n";
  try {
    for (let from = 0; from < entries; from += perBatch) {
      const count = Math.min(perBatch, entries - from);
      let batch = "";
      for (let i = from; i < from + count; i++) batch += frame(["SET", key(i), value, ...ttl]);
      socket.write(batch, "latin1");
      for (let left = count * ok.length; left > 0; ) {
        const [chunk] = (await once(socket, "data")) as [Buffer];
        if (chunk.includes("-")) throw new Error(`SET was refused: ${chunk.toString("latin1", chunk.indexOf("-")).split("\r\n")[0]}`);
        left -= chunk.length;
      }
    }
  } finally {
    socket.destroy();
  }
};

/** One command; its first bulk or line reply as text. Only for replies that end with an empty line or fit one packet. */
export const command = async (port: number, ...args: string[]): Promise<string> => {
  const socket = await open(port);
  try {
    socket.write(frame(args));
    let text = "";
    const whole = () => {
      const length = /^\$(\d+)\r\n/.exec(text);
      return length ? text.length >= length[0].length + Number(length[1]) + 2 : text.endsWith("\r\n");
    };
    while (!whole()) text += String(((await once(socket, "data")) as [Buffer])[0]);
    return text.replace(/^[$+:-]\d*(\r\n)?/, "").trimEnd();
  } finally {
    socket.destroy();
  }
};
