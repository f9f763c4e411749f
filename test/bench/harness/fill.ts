// Fills a server of the Redis or memcached protocol: pipelined writes in batches, each batch awaited; and single Redis commands.
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

interface Dialect {
  /** What one write looks like, and what the server says when it took it. */
  readonly frame: (key: string, value: string, ttlSeconds: number | undefined) => string;
  readonly ok: string;
}

const redis: Dialect = { frame: (key, value, ttl) => frame(ttl === undefined ? ["SET", key, value] : ["SET", key, value, "EX", String(ttl)]), ok: "+OK\r\n" };
const memcached: Dialect = { frame: (key, value, ttl = 0) => `set ${key} 0 ${ttl} ${value.length}\r\n${value}\r\n`, ok: "STORED\r\n" };

/** Throws when a write is refused. */
const fillAs =
  ({ frame, ok }: Dialect) =>
  async ({ port, entries, key, value, ttlSeconds }: Fill): Promise<void> => {
    const socket = await open(port);
    try {
      for (let from = 0; from < entries; from += perBatch) {
        const count = Math.min(perBatch, entries - from);
        let batch = "";
        for (let i = from; i < from + count; i++) batch += frame(key(i), value, ttlSeconds);
        socket.write(batch, "latin1");
        const expected = ok.repeat(count);
        let answers = "";
        while (answers.length < expected.length && expected.startsWith(answers)) answers += String(((await once(socket, "data")) as [Buffer])[0]);
        if (answers !== expected) throw new Error(`a write was refused: ${answers.replaceAll(ok, "").split("\r\n")[0]}`);
      }
    } finally {
      socket.destroy();
    }
  };

export const fill = fillAs(redis);
export const fillMemcached = fillAs(memcached);

/** Sends and reads until `whole` says that the answer is complete. */
const ask = async (port: number, request: string, whole: (answer: string) => boolean): Promise<string> => {
  const socket = await open(port);
  try {
    socket.write(request);
    let answer = "";
    while (!whole(answer)) answer += String(((await once(socket, "data")) as [Buffer])[0]);
    return answer;
  } finally {
    socket.destroy();
  }
};

/** The text of INFO's section. */
export const redisInfo = (port: number, section: string): Promise<string> =>
  ask(port, frame(["INFO", section]), (answer) => {
    const head = /^\$(\d+)\r\n/.exec(answer);
    return head !== null && answer.length >= head[0].length + Number(head[1]) + 2;
  });

/** The text of memcached's general statistics. */
export const memcachedStats = (port: number): Promise<string> => ask(port, "stats\r\n", (answer) => answer.endsWith("END\r\n"));
