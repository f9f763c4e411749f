// When the cluster is asked who selects: once for all resources, again every 30 s, rarely where it is forbidden, and news wakes who it concerns.
import { expect, test } from "vitest";
import { selectingKinds } from "../../../operator/kinds.ts";
import type { KubeObject } from "../../../operator/objects.ts";
import { createScout } from "../../../operator/selectors/scout.ts";
import { manualTime } from "../../support/manual-time.ts";

const prometheus = (name: string, spec: object = {}, extra: object = {}): KubeObject => ({ apiVersion: "", kind: "", metadata: { name, namespace: "monitoring", ...extra }, spec });
const byNamespace = { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: { matchLabels: { scrape: "yes" } } };
const lists = ["prometheuses", "prometheusagents", "thanosrulers"];

const setUp = ({ within, wantsLabels = false }: { within?: readonly string[]; wantsLabels?: boolean } = {}) => {
  const time = manualTime();
  const answers = new Map<string, readonly KubeObject[] | "forbidden" | "failed">();
  const labels = new Map<string, Record<string, string> | "forbidden" | "failed">();
  const namespaces = new Set<string>();
  const asked: string[] = [];
  const news: (string | undefined)[] = [];
  const scout = createScout({
    async list({ plural }) {
      asked.push(plural);
      return answers.get(plural) ?? [];
    },
    async labels(namespace) {
      asked.push(namespace);
      return labels.get(namespace) ?? {};
    },
    within,
    wantsLabels,
    namespaces: () => namespaces,
    onNews: (namespace) => void news.push(namespace),
    timers: time,
  });
  return {
    scout,
    time,
    asked,
    news,
    answer: (...prometheuses: readonly KubeObject[]) => void answers.set("prometheuses", prometheuses),
    refuse: (plural: string, why: "forbidden" | "failed") => void answers.set(plural, why),
    label: (namespace: string, value: Record<string, string> | "forbidden" | "failed") => void labels.set(namespace, value),
    /** A reconcile of a resource there. */
    look(namespace = "team") {
      namespaces.add(namespace);
      return scout.look(namespace);
    },
    leave: (namespace: string) => void namespaces.delete(namespace),
    /** What is asked meanwhile. */
    async during(ms: number): Promise<string[]> {
      asked.length = 0;
      await time.advanceAsync(ms);
      return [...asked];
    },
  };
};

test("nothing is asked before a resource asks, then once for all of them, then every 30 s", async () => {
  const { look, during, asked, scout } = setUp();
  expect(await during(120_000)).toEqual([]);
  await Promise.all([look("a"), look("b"), look("a")]);
  expect(asked).toEqual(lists);
  await look("c");
  expect(asked).toEqual(lists);
  expect(await during(60_000)).toEqual([...lists, ...lists]);
  scout.stop();
  expect(await during(300_000)).toEqual([]);
});

test("a Prometheus that comes, changes or goes is news for all, within 30 s; its status is none", async () => {
  const { look, time, news, answer } = setUp();
  expect(await look()).toEqual({ selecting: [], hidden: [] });
  answer(prometheus("main", { serviceMonitorSelector: {} }));
  await time.advanceAsync(30_000);
  expect(news).toEqual([undefined]);
  expect((await look()).selecting.map((s) => s.who)).toEqual(["Prometheus monitoring/main"]);
  answer({ ...prometheus("main", { serviceMonitorSelector: {}, replicas: 2 }), status: { availableReplicas: 1 } });
  await time.advanceAsync(60_000);
  expect(news).toHaveLength(1);
  answer(prometheus("main", { serviceMonitorSelector: { matchLabels: { a: "1" } } }));
  await time.advanceAsync(30_000);
  expect(news).toHaveLength(2);
  answer(prometheus("main", { serviceMonitorSelector: { matchLabels: { a: "1" } } }, { deletionTimestamp: "2026-01-01T00:00:00Z" }));
  await time.advanceAsync(30_000);
  expect([news.length, (await look()).selecting]).toEqual([3, []]);
});

test("the order of a list is no news", async () => {
  const { look, time, news, answer } = setUp();
  answer(prometheus("a"), prometheus("b"));
  await look();
  answer(prometheus("b"), prometheus("a"));
  await time.advanceAsync(30_000);
  expect(news).toEqual([]);
});

test("labels of a namespace are asked for when somebody selects by them, while a resource is there, and are news for it alone", async () => {
  const { look, time, during, news, answer, label, leave, asked } = setUp();
  answer(prometheus("main", { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {} }));
  await look();
  expect(asked).toEqual(lists);
  answer(prometheus("main", byNamespace));
  await time.advanceAsync(30_000);
  label("team", { scrape: "no" });
  asked.length = 0;
  expect((await Promise.all([look(), look()])).map((s) => s.namespaceLabels)).toEqual([{ scrape: "no" }, { scrape: "no" }]);
  expect(asked).toEqual(["team"]);
  news.length = 0;
  label("team", { scrape: "yes" });
  expect(await during(30_000)).toEqual([...lists, "team"]);
  expect(news).toEqual(["team"]);
  expect((await look()).namespaceLabels).toEqual({ scrape: "yes" });
  leave("team");
  expect(await during(30_000)).toEqual(lists);
});

test("what is forbidden is told, and asked for again every ten minutes", async () => {
  const { look, during, news, refuse, answer } = setUp();
  refuse("prometheuses", "forbidden");
  expect(await look()).toEqual({ selecting: [], hidden: [{ kind: selectingKinds[0], why: "the operator may not list prometheuses.monitoring.coreos.com" }] });
  const asked = await during(570_000);
  expect(asked.filter((a) => a === "prometheuses")).toEqual([]);
  expect(asked.filter((a) => a === "thanosrulers")).toHaveLength(19);
  answer(prometheus("main"));
  expect(await during(30_000)).toContain("prometheuses");
  expect([news, (await look()).hidden]).toEqual([[undefined], []]);
});

test("labels that may not be got are asked for rarely too", async () => {
  const { look, during, answer, label } = setUp();
  answer(prometheus("main", byNamespace));
  label("team", "forbidden");
  expect(await look()).not.toHaveProperty("namespaceLabels");
  expect((await during(570_000)).filter((a) => a === "team")).toEqual([]);
  expect(await during(30_000)).toContain("team");
});

test("an API server that does not answer changes nothing, and is doubt at the start", async () => {
  const { look, time, news, answer, refuse } = setUp();
  refuse("prometheuses", "failed");
  expect((await look()).hidden.map((h) => h.why)).toEqual(["prometheuses.monitoring.coreos.com could not be listed"]);
  answer(prometheus("main"));
  await time.advanceAsync(30_000);
  refuse("prometheuses", "failed");
  await time.advanceAsync(60_000);
  expect(news).toEqual([undefined]);
  expect(await look()).toMatchObject({ selecting: [{ who: "Prometheus monitoring/main" }], hidden: [] });
});

test("a thousand namespaces are asked for five a second, each in its turn", async () => {
  const { look, during, answer } = setUp();
  answer(prometheus("main", byNamespace));
  const names = Array.from({ length: 1_000 }, (_, i) => `n${i}`);
  for (const name of names) await look(name);
  const perRound: string[][] = [];
  for (let round = 0; round < 7; round++) perRound.push((await during(30_000)).filter((a) => a.startsWith("n")));
  expect(Math.max(...perRound.map((r) => r.length))).toBe(150);
  expect(new Set(perRound.flat()).size).toBe(1_000);
});

test("a look while everything stops says what was known, and asks nothing", async () => {
  const { look, scout, asked } = setUp();
  scout.stop();
  expect((await look()).hidden).toHaveLength(3);
  expect(asked).toEqual([]);
});

test("within some namespaces there may be others elsewhere: who is seen is told, and so is the doubt", async () => {
  const { look, answer } = setUp({ within: ["team"] });
  answer(prometheus("main", { serviceMonitorSelector: {} }));
  const sight = await look();
  expect(sight.selecting.map((s) => s.who)).toEqual(["Prometheus monitoring/main"]);
  expect(sight.hidden.map(({ kind, why }) => [kind.plural, why])).toEqual(lists.map((plural) => [plural, `the operator looks for ${plural}.monitoring.coreos.com in the namespaces that it tends alone`]));
});

test("labels that are wanted are asked for although nobody selects by them, and a change of them is news within 30 s", async () => {
  const { scout, look, label, news, time, asked } = setUp({ wantsLabels: true });
  label("team", { "kvresponder.io/tenant": "shop" });
  await look();
  expect(await Promise.all([scout.labelsOf("team"), scout.labelsOf("team")])).toEqual([{ "kvresponder.io/tenant": "shop" }, { "kvresponder.io/tenant": "shop" }]);
  expect(asked.filter((a) => a === "team")).toHaveLength(1);
  label("team", { "kvresponder.io/tenant": "bank" });
  await time.advanceAsync(30_000);
  expect([news, await scout.labelsOf("team")]).toEqual([["team"], { "kvresponder.io/tenant": "bank" }]);
  label("team", "failed");
  await time.advanceAsync(30_000);
  expect(await scout.labelsOf("team")).toEqual({ "kvresponder.io/tenant": "bank" });
});

test("labels that could not be read are not known, and that they can be is news", async () => {
  const { scout, look, label, news, time } = setUp({ wantsLabels: true });
  label("team", "failed");
  await look();
  expect(await scout.labelsOf("team")).toBe("failed");
  label("team", {});
  await time.advanceAsync(30_000);
  expect([news, await scout.labelsOf("team")]).toEqual([["team"], {}]);
});
