// zod and the API server give one verdict, and fill in the same defaults, on random resources near the edge of validity.
import { parseResource, parseSpec } from "#crds/parse";
import { apiVersion, kind } from "#crds/names";
import { resourceSchema } from "#crds/crd";
import type { Structural } from "#crds/structural";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Cluster } from "../cluster/index.ts";
import { collection, startWithCrd } from "./installed.ts";
import { edgePaths, names, singles, specs } from "./specs.ts";

const seed = Number(process.env.FC_SEED ?? 1);
const runs = Number(process.env.FC_RUNS ?? 400);

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startWithCrd();
});
afterAll(() => cluster?.stop());

interface Stored {
  readonly spec: unknown;
  readonly message?: string;
}

const leaves = (node: Structural, path: string): string[] => (node.properties ? Object.entries(node.properties).flatMap(([name, child]) => leaves(child, path === "" ? name : `${path}.${name}`)) : [path]);

test("the generator knows every field of the spec", () => {
  expect(leaves(resourceSchema().properties?.["spec"] ?? {}, "").filter((path) => !edgePaths.includes(path))).toEqual([]);
});

/** Asks both; fails where they differ. */
const verdict = async (name: string, spec: unknown): Promise<boolean> => {
  const object = { apiVersion, kind, metadata: { name }, spec };
  const ours = parseResource(object);
  const theirs = await cluster.request<Stored>("POST", `${collection()}?dryRun=All&fieldValidation=Strict`, object);
  const accepted = theirs.status === 201;
  if (!accepted) expect([400, 422], `${theirs.status} ${theirs.body.message}`).toContain(theirs.status);
  const context = `on ${JSON.stringify(spec)} the API server says: ${theirs.body.message ?? "created"}`;
  expect({ accepted: ours.ok, why: ours.ok ? undefined : ours.problems }, context).toMatchObject({ accepted });
  // amounts that were numbers stay numbers there, so both sides are read once more
  if (ours.ok) expect(parseSpec(theirs.body.spec)).toEqual({ ok: true, spec: ours.resource.spec });
  return accepted;
};

test("one verdict on every edge of every field", async () => {
  let accepted = 0;
  for (const spec of singles) accepted += (await verdict("orders", spec)) ? 1 : 0;
  console.log(`${accepted} of ${singles.length} edges accepted by both`);
  expect(Math.min(accepted, singles.length - accepted)).toBeGreaterThan(singles.length / 6);
}, 600_000);

test(`one verdict on ${runs} random resources (FC_SEED=${seed})`, async () => {
  let [accepted, refused] = [0, 0];
  const both = fc.asyncProperty(names, specs, async (name, spec) => {
    if (await verdict(name, spec)) accepted += 1;
    else refused += 1;
  });
  await fc.assert(both, { seed, numRuns: runs });
  console.log(`seed ${seed}: ${accepted} accepted, ${refused} refused by both`);
  // a generator of only good or only bad resources would prove nothing
  expect(Math.min(accepted, refused)).toBeGreaterThan(runs / 6);
});
