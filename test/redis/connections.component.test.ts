// What one connection does to itself and to others: replies switched off, connections ended, the list of clients.
import { expect, test } from "vitest";
import { waitFor } from "../cluster/wait.ts";
import { encode, open } from "./connection.ts";
import { show } from "./reply.ts";
import type { Endpoint } from "./server.ts";
import { besideRedis } from "./targets.ts";

besideRedis((servers) => {
  test("CLIENT REPLY OFF and SKIP leave out what they should, in a pipeline", async () => {
    const line = "CLIENT REPLY SKIP,PING,ECHO 1,CLIENT REPLY OFF,PING,GET,NONSENSE,SET a 1,CLIENT REPLY ON,GET a,MULTI,INCR a,EXEC,PING,CLIENT REPLY OFF,CLIENT REPLY SKIP,PING,CLIENT REPLY ON,ECHO end";
    const bytes = Buffer.concat(line.split(",").map((command) => encode(command.split(" "))));
    const [ours, redis] = await Promise.all(
      servers().both.map(async (server) => {
        using connection = await open(server);
        connection.write(bytes);
        return show(await connection.bytesUntil((all) => all.toString("latin1").endsWith("$3\r\nend\r\n")));
      }),
    );
    expect(ours).toBe(redis);
  });

  test("WAIT for a replica that is not there is answered with 0 in time, and what is behind it after that", async () => {
    const line = "SET a 1,WAIT 0 0,WAIT 1 50,GET a,MULTI,SET a 2,WAIT 1 0,EXEC,CLIENT REPLY SKIP,WAIT 3 20,WAIT -1 0,ECHO end";
    const [ours, redis] = await Promise.all(
      servers().both.map(async (server) => {
        using connection = await open(server);
        connection.write(Buffer.concat(line.split(",").map((command) => encode(command.split(" ")))));
        return show(await connection.bytesUntil((all) => all.toString("latin1").endsWith("$3\r\nend\r\n")));
      }),
    );
    expect(ours).toBe(redis);
  });

  test("CLIENT KILL ends others at once and oneself after the reply", async () => {
    const story = async (server: Endpoint): Promise<unknown[]> => {
      using killer = await open(server);
      using first = await open(server);
      using second = await open(server);
      const firstId = (await first.call("CLIENT", "ID")).text ?? "";
      const seen: unknown[] = [(await killer.call("CLIENT", "KILL", "ID", firstId)).raw.toString()];
      await waitFor("the first to be closed", () => first.closed);
      const address = `127.0.0.1:${second.socket.localPort}`;
      seen.push((await killer.call("CLIENT", "KILL", address)).raw.toString());
      await waitFor("the second to be closed", () => second.closed);
      const own = (await killer.call("CLIENT", "ID")).text ?? "";
      seen.push((await killer.call("CLIENT", "KILL", "ID", own)).raw.toString(), (await killer.call("CLIENT", "KILL", "ID", own, "SKIPME", "no")).raw.toString());
      await waitFor("the killer to be closed", () => killer.closed);
      return seen;
    };
    const [ours, redis] = await Promise.all(servers().both.map(story));
    expect(ours).toEqual(redis);
  });

  test("CLIENT LIST has Redis's fields, in its order", async () => {
    const fields = async (server: Endpoint): Promise<string[]> => {
      using connection = await open(server);
      await connection.call("CLIENT", "SETNAME", "shop");
      const text = (await connection.call("CLIENT", "LIST")).text ?? "";
      const line = text.split("\n").find((each) => each.includes("name=shop ")) ?? "";
      return line.split(" ").map((field) => field.split("=")[0] ?? "");
    };
    const [ours, redis] = await Promise.all(servers().both.map(fields));
    // those of CLIENT SETINFO came with it
    expect(ours?.filter((field) => !field.startsWith("lib-"))).toEqual(redis);
  });

  test("a connection's protocol, name and transaction are its own", async () => {
    const story = async (server: Endpoint): Promise<string[]> => {
      using one = await open(server);
      using other = await open(server);
      await one.call("FLUSHALL");
      await one.call("HELLO", "3", "SETNAME", "one");
      await one.call("MULTI");
      await one.call("INCR", "a");
      const seen = [await other.call("GET", "a"), await other.call("CLIENT", "GETNAME"), await other.call("SET", "a", "5"), await one.call("EXEC"), await one.call("GET", "none"), await other.call("GET", "none"), await one.call("RESET"), await one.call("GET", "none"), await one.call("CLIENT", "GETNAME")];
      return seen.map((reply) => show(reply.raw));
    };
    const [ours, redis] = await Promise.all(servers().both.map(story));
    expect(ours).toEqual(redis);
  });
});
