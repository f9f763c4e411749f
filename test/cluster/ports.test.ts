// Reserved ports: nobody else gets them, their owner can listen on them.
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { reservePort } from "./ports.ts";

test("two hundred reservations are two hundred ports, none of them ephemeral", async () => {
  const reserved = await Promise.all(Array.from({ length: 200 }, () => reservePort()));
  expect(new Set(reserved.map(({ port }) => port)).size).toBe(200);
  expect(reserved.every(({ port }) => port < 32_768)).toBe(true);
  for (const { release } of reserved) release();
});

test("the owner listens on it", async () => {
  const { port, release } = await reservePort();
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
  release();
});
