// What COMMAND tells clients, who route by it: arity, where the keys are, and whether a command writes, as Redis has it.
import { expect, test } from "vitest";
import { open } from "./connection.ts";
import type { Reply } from "./reply.ts";
import { supported } from "./supported.ts";
import { besideRedis } from "./targets.ts";

/** In a later Redis than the one we compare with. */
const newer = new Set(["client|setinfo", "client|no-touch"]);

interface Told {
  readonly name: string | undefined;
  readonly arity: string | undefined;
  readonly keys: readonly (string | undefined)[];
  readonly access: readonly (string | undefined)[];
}

const told = ({ items: [name, arity, flags, first, last, step] }: Reply): Told => ({
  name: name?.text,
  arity: arity?.text,
  keys: [first, last, step].map((part) => part?.text),
  access: (flags?.items ?? []).map((flag) => flag.text).filter((flag) => ["write", "readonly", "denyoom", "admin", "fast", "noscript", "no_auth", "no_multi"].includes(flag ?? "")).toSorted(),
});

besideRedis((servers) => {
  test("COMMAND INFO", async () => {
    const [ours, redis] = await Promise.all(
      servers().both.map(async (server) => {
        using connection = await open(server);
        const names = supported.filter((name) => !newer.has(name));
        const reply = await connection.call("COMMAND", "INFO", ...names);
        return reply.items.map(told);
      }),
    );
    expect(ours).toEqual(redis);
  });

  test("COMMAND GETKEYS", async () => {
    const asked = ["get a", "set a b", "mset a 1 b 2", "msetnx a 1 b 2", "del a b c", "mget a b", "object encoding a", "memory usage a", "ping", "get", "nonsense", "expire a 1", "scan 0", "config get x"];
    for (const each of asked) {
      const [ours, redis] = await Promise.all(
        servers().both.map(async (server) => {
          using connection = await open(server);
          return (await connection.call("COMMAND", "GETKEYS", ...each.split(" "))).raw.toString();
        }),
      );
      expect(ours, each).toBe(redis);
    }
  });
});
