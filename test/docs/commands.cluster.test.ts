// Every command of the pages, word for word, in a real cluster, in the order in which somebody new would read them. The loopback ports that they name (3000, 6379, ...) are of no other cluster test.
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildImages } from "../../build/images.ts";
import { startCluster } from "../cluster/index.ts";
import { installMonitoring } from "../cluster/monitoring/index.ts";
import type { Cluster, Forward } from "../cluster/types.ts";
import { shell, type Shell } from "../support/usage.ts";
import { scriptOf, story } from "./commands.ts";

let cluster: Cluster;
let prometheus: Forward;
let sh: Shell;
beforeAll(async () => {
  const images = await buildImages();
  cluster = await startCluster({ kind: "node", images: images.map(({ path }) => path) });
  ({ prometheus } = await installMonitoring(cluster));
  sh = await shell(cluster);
}, 600_000);
afterAll(async () => {
  await prometheus?.close();
  await cluster?.stop();
});

test.each(story)("%s", async (page) => {
  const said = await sh.line(scriptOf(page), 280_000).catch((cause: Error & { stdout?: string }) => {
    // which block it was, and what it said before it failed
    throw new Error(`${page} failed after:\n${cause.stdout?.slice(-2_000)}`, { cause });
  });
  expect(said).toContain(`### ${page}:`);
}, 300_000);
