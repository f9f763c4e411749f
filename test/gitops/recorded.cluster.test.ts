// The files that stand for KVResponders in the tests of Argo CD's scripts are what a real API server says in those situations. UPDATE_GOLDEN=1 records them again.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { crdPaths } from "../cluster/monitoring/crds.ts";
import { updating } from "../support/golden.ts";
import { startProduct, type Product } from "../support/product.ts";
import { loadLua } from "./lua.ts";
import { gist, record, withoutStatus } from "./recording.ts";
import { customization, type Health, healthScript } from "./scripts.ts";
import { alone, beforeOperator, type Situation, together, withoutMonitoring } from "./situations.ts";

let product: Product;
const recorded = new Map<string, string>();

const play = async (situation: Situation): Promise<void> => {
  await situation.arrange(product);
  recorded.set(situation.file, await record(product.cluster, situation.at));
};

beforeAll(async () => {
  product = await startProduct({ monitoringCrds: false });
  await product.operator.stop();
  for (const situation of beforeOperator) await play(situation);
  await product.restartOperator();
  for (const situation of withoutMonitoring) await play(situation);
  for (const crd of crdPaths) await product.cluster.apply(crd);
  await product.restartOperator();
  await Promise.all(together.map(play));
  for (const situation of alone) await play(situation);
}, 300_000);
afterAll(() => product?.stop());

const all = [...beforeOperator, ...withoutMonitoring, ...together, ...alone];
const fileOf = (name: string) => join(customization, "testdata", `${name}.yaml`);

test.each(all)("$file", ({ file, health }) => {
  const said = recorded.get(file) ?? "";
  const { status } = loadLua(healthScript)(parse(said) as object).result as Health;
  expect(status).toBe(health);
  if (updating) {
    mkdirSync(join(customization, "testdata"), { recursive: true });
    writeFileSync(fileOf(file), said);
    if (file === "not_visited") writeFileSync(fileOf("no_status"), withoutStatus(said));
  }
  expect(gist(readFileSync(fileOf(file), "utf8"))).toEqual(gist(said));
});

test("health_test.yaml expects them all", () => {
  const run = loadLua(healthScript);
  const wanted: [string, Health["status"]][] = [["no_status", "Progressing"], ...all.map((s): [string, Health["status"]] => [s.file, s.health])];
  const file = join(customization, "health_test.yaml");
  if (updating) {
    const tests = wanted.map(([name, status]) => ({ healthStatus: { status, message: (run(parse(readFileSync(fileOf(name), "utf8")) as object).result as Health).message }, inputPath: `testdata/${name}.yaml` }));
    writeFileSync(file, stringify({ tests }, { lineWidth: 0 }));
  }
  const { tests } = parse(readFileSync(file, "utf8")) as { tests: { healthStatus: Health; inputPath: string }[] };
  expect(tests.map((t) => [t.inputPath, t.healthStatus.status])).toEqual(wanted.map(([name, status]) => [`testdata/${name}.yaml`, status]));
});
