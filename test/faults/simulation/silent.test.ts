// A connection that a cut leaves standing: TCP would wait for minutes, so the peers end it themselves.
import { expect, test } from "vitest";
import { startNode } from "./node.ts";
import { createWorld } from "./world.ts";

test("a connection over which nothing comes back is given up within seconds, and not before", () => {
  const world = createWorld(1);
  const names = ["n0", "n1"];
  const ends: unknown[] = [];
  names.forEach((name, i) =>
    startNode({ world, name, names, boot: i + 1, maxBytes: 1_048_576, evictionPolicy: "LRU", retentionMs: 600_000, warmupMs: 5_000, onLog: ({ reason }, message) => void (message === "link is down" && ends.push(reason)) }),
  );
  world.run(20_000);
  const before = ends.length;
  expect(ends).not.toContain("the peer is silent");
  world.block("n0", "n1");
  world.block("n1", "n0");
  world.run(2_000);
  expect(ends.length).toBe(before);
  world.run(5_000);
  expect(ends.slice(before)).toEqual(["the peer is silent", "the peer is silent"]);
});
