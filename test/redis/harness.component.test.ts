// The instruments before they measure: two real servers are found equal, and one that lacks something is found out.
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { play, type Tally } from "./play.ts";
import { families, sequences } from "./sequences.ts";
import { redisServerMissing, startRedis, type Endpoint, type RunningServer } from "./server.ts";

const everything = sequences(() => true, 40);

test("two real servers are found equal, and every command succeeds now and then", async (context) => {
  context.skip(redisServerMissing !== undefined, redisServerMissing);
  await using ours = await startRedis();
  await using redis = await startRedis();
  const tally: Tally = new Map(Object.keys(families).map((name) => [name, { sent: 0, done: 0 }]));
  let commands = 0;
  await fc.assert(
    fc.asyncProperty(everything, async (sequence) => {
      commands += await play({ ours, redis }, sequence, tally);
    }),
    { numRuns: 150 },
  );
  expect(commands).toBeGreaterThan(5_000);
  expect([...tally].filter(([, { done }]) => done === 0)).toEqual([]);
});

/** Passes everything on and changes what the server says. */
const liar = async (to: Endpoint, change: (reply: string) => string): Promise<RunningServer> => {
  const server = createServer((client) => {
    const upstream = connect(to.port, to.host);
    client.pipe(upstream);
    upstream.on("data", (bytes: Buffer) => client.write(Buffer.from(change(bytes.toString("latin1")), "latin1")));
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) one.on("close", () => other.destroy()).on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { address: host, port } = server.address() as AddressInfo;
  return { host, port, [Symbol.asyncDispose]: () => new Promise((done) => void server.close(() => done())) };
};

test.for([
  { lie: "says -1 where Redis says -2", told: ":-1", change: (reply: string) => reply.replace(/:-2\r/g, ":-1\r") },
  { lie: "takes an empty value for none", told: "$-1", change: (reply: string) => reply.replace(/\$0\r\n\r\n/g, "$-1\r\n") },
  { lie: "words an error differently", told: "syntax", change: (reply: string) => reply.replace(/ERR syntax error/g, "ERR a syntax error") },
  { lie: "ends what lives long 10 s early", told: "ours", change: (reply: string) => reply.replace(/^:(\d{8,9})\r\n/, (_, n: string) => `:${Number(n) - 10}\r\n`) },
])("a server that $lie is found out, in few steps", async ({ told, change }, context) => {
  context.skip(redisServerMissing !== undefined, redisServerMissing);
  await using redis = await startRedis();
  await using ours = await liar(redis, change);
  await using other = await startRedis();
  const result = await fc.check(
    fc.asyncProperty(everything, async (sequence) => void (await play({ ours, redis: other }, sequence))),
    { numRuns: 200, seed: 1 },
  );
  expect(result.failed).toBe(true);
  expect(String(result.errorInstance)).toMatch(told);
  expect(result.counterexample?.[0].steps.length).toBeLessThanOrEqual(6);
});
