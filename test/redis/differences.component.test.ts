// Each documented difference is one: Redis answers as the page says, and so do we.
import { expect, test } from "vitest";
import { differences } from "./differences.ts";
import { open } from "./connection.ts";
import type { Endpoint } from "./server.ts";
import { besideRedis } from "./targets.ts";

besideRedis((servers) => {
  const proofs = differences.flatMap(({ subject, proof }) => (proof ? [{ subject, proof }] : []));
  test.each(proofs)("$subject", async ({ proof: { commands, ours, redis } }) => {
    const answer = async (server: Endpoint): Promise<string> => {
      using connection = await open(server);
      await connection.call("FLUSHALL");
      let last = "";
      for (const command of commands) last = (await connection.call(...command)).raw.toString("latin1");
      return last;
    };
    expect(await answer(servers().redis)).toMatch(redis);
    expect(await answer(servers().ours)).toMatch(ours);
  });
});
