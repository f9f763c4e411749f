// `make pictures`: lets caches, clients, faults and an operator live for some minutes, and draws the dashboards of it into docs/pictures.
import { resolve } from "node:path";
import { resolveTools } from "../cluster/toolchain.ts";
import type { Source } from "./page.ts";
import { draw, pictures, toLookAt } from "./pictures.ts";
import { startWorld } from "./world/world.ts";

const root = resolve(import.meta.dirname, "../..");

await resolveTools(["prometheus"]);
console.log("starting a control plane, an operator, four caches and Prometheus");
await using world = await startWorld();
console.log("they live for seven minutes");
await world.play();
const source: Source = {
  ask: world.prometheus.ask,
  // the first seconds have no rates yet
  range: { from: Math.ceil(world.begun) + 5, to: Math.floor(Date.now() / 1_000), step: 2 },
  lines: world.lines(),
};
await draw(pictures, source, resolve(root, "docs/pictures"));
await draw(toLookAt, source, resolve(root, "dist/pictures"));
console.log("docs/pictures and dist/pictures: look at them before you commit");
