// Connections and their bytes, by what the sockets themselves say.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { responderMetrics } from "#contract/metrics";
import { createTelemetry } from "#telemetry/instruments";
import { followTraffic } from "#telemetry/traffic";
import { expect, test } from "vitest";

const listen = async () => {
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  const follow = followTraffic(telemetry.metrics, "resp");
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    follow(socket);
    accepted.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.write(Buffer.concat([bytes, bytes])));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const value = async (name: string) => {
    const line = (await telemetry.render()).split("\n").find((l) => l.startsWith(`${name}{protocol="resp"} `));
    return Number(line?.split(" ").at(-1));
  };
  const counts = async () => ({
    accepted: await value("kv_connections_accepted_total"),
    received: await value("kv_network_receive_bytes_total"),
    sent: await value("kv_network_transmit_bytes_total"),
  });
  const client = async () => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
  return { server, accepted, counts, client };
};

const say = async (client: Socket, text: string) => {
  client.write(text);
  let read = 0;
  while (read < 2 * text.length) read += ((await once(client, "data")) as [Buffer])[0].length;
};

test("bytes are counted while a connection is open, once, and stay when it has gone", async () => {
  const { server, accepted, counts, client } = await listen();
  expect(await counts()).toEqual({ accepted: 0, received: 0, sent: 0 });
  const [first, second] = [await client(), await client()];
  await say(first, "hello");
  await say(second, "you");
  expect(await counts()).toEqual({ accepted: 2, received: 8, sent: 16 });
  await say(first, "there");
  first.end();
  await once(accepted[0]!, "close");
  expect(await counts()).toEqual({ accepted: 2, received: 13, sent: 26 });
  second.destroy();
  server.close();
});

test("a connection that breaks with an unsent answer takes nothing back", async () => {
  const { server, accepted, counts, client } = await listen();
  const deaf = await client();
  deaf.pause();
  await expect.poll(() => accepted.length).toBe(1);
  const [socket] = accepted;
  const mebibytes = 2 ** 20;
  // the kernel does not take all of the first, so the second waits in the process
  socket!.write(Buffer.alloc(32 * mebibytes));
  socket!.write(Buffer.alloc(mebibytes));
  const before = await counts();
  expect(before.sent).toBe(33 * mebibytes);
  // once() would give up at the error that comes before
  const closed = new Promise<void>((resolve) => void socket!.once("close", () => resolve()));
  deaf.resetAndDestroy();
  await closed;
  expect((await counts()).sent).toBe(before.sent);
  server.close();
});
