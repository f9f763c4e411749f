// Wrong, odd and cut-up input: the same answer and the same end of the connection as Redis gives.
import { expect, test } from "vitest";
import { encode, open } from "./connection.ts";
import { malformed, strangers, type WireCase } from "./malformed.ts";
import { besideRedis } from "./targets.ts";
import { outcome, printed } from "./wire.ts";

const token = "a-token-of-the-tenant";

besideRedis((servers) => {
  const compare = async ({ pieces }: WireCase) => {
    const [ours, redis] = await Promise.all(servers().both.map(async (server) => printed(await outcome(server, pieces))));
    expect(ours).toBe(redis);
  };
  test.each(malformed)("$name", compare);

  test("nothing behind a protocol error is done", async () => {
    for (const server of servers().both) {
      await outcome(server, ["FLUSHALL\r\nSET b 1\r\n*x\r\nSET c 1\r\n"]);
      using connection = await open(server);
      expect((await connection.call("MGET", "b", "c")).raw.toString()).toBe("*2\r\n$1\r\n1\r\n$-1\r\n");
    }
  });

  const session = [
    ...[["SET", "bin", "\r\n\0$3\r\n*1\r\n\xff"], ["GET", "bin"], ["HELLO", "3"], ["GET", "none"], ["MULTI"], ["INCR", "n"], ["GET"], ["EXEC"], ["HELLO", "2"], ["MULTI"], ["APPEND", "bin", ""], ["STRLEN", "bin"], ["EXEC"]].map((c) => encode(c).toString("latin1")),
    'SET inline "a b"\r\n',
    "\r\n",
    "GET inline\r\n",
  ].join("");

  test("it does not matter where the bytes of a session are cut", async () => {
    const [, redis] = servers().both;
    const wanted = printed(await outcome(redis, [`FLUSHALL\r\n${session}`]));
    const cuts = Array.from({ length: session.length - 1 }, (_, i) => i + 1);
    for (const cut of cuts) {
      const pieces = [`FLUSHALL\r\n${session.slice(0, cut)}`, session.slice(cut)];
      expect(printed(await outcome(servers().ours, pieces)), `cut at ${cut}`).toBe(wanted);
    }
    expect(printed(await outcome(servers().ours, ["FLUSHALL\r\n", ...session])), "byte by byte").toBe(wanted);
  });

  test("what was sent before the client's end of the connection is answered", async () => {
    const answers = await Promise.all(
      servers().both.map(async (server) => {
        using connection = await open(server);
        connection.write(`FLUSHALL\r\n${session}${"PING\r\n".repeat(1_000)}`);
        connection.socket.end();
        return (await connection.bytesUntil(() => false)).toString("latin1").replaceAll(/\r\n:\d+\r\n(?=\$4\r\nmode)/g, "");
      }),
    );
    const tail = answers.map((answer) => answer.slice(-7 * 1_000));
    expect(tail[0]).toBe("+PONG\r\n".repeat(1_000));
    expect(tail[0]).toBe(tail[1]);
  });

  test("a connection that ends in the middle of a command harms nobody", async () => {
    for (const server of servers().both) {
      using connection = await open(server);
      connection.write("*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$100\r\nabc");
      using other = await open(server);
      await other.call("PING");
      connection.socket.destroy();
      expect((await other.call("EXISTS", "half")).text).toBe("0");
    }
  });
});

besideRedis((servers) => {
  test.each(strangers)("$name", async ({ pieces }) => {
    const sent = pieces.map((piece) => piece.replaceAll("TOKEN", token));
    const [ours, redis] = await Promise.all(servers().both.map(async (server) => printed(await outcome(server, sent, token))));
    expect(ours).toBe(redis);
  });
}, token);
