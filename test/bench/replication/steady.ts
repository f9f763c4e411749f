// SETs at an even rate on one connection, about a thousandth of a second's worth in each packet.
import type { Load } from "../harness/rounds.ts";
import { openClient } from "./client.ts";
import { paced } from "./paced.ts";

const keyspace = 1_000_000;
const value = "x".repeat(100);

export const steady = async (port: number, perSecond: number, seconds: number): Promise<Load> => {
  const client = await openClient(port);
  const replies: Promise<unknown>[] = [];
  const startedAt = performance.now();
  const requests = await paced(perSecond, seconds, (due) => void replies.push(client.pipeline(Array.from({ length: due }, () => ["SET", `key:${Math.floor(Math.random() * keyspace)}`, value]))));
  await Promise.all(replies);
  client.close();
  return { requests, perSecond: requests / ((performance.now() - startedAt) / 1000), p50: 0, p99: 0 };
};
