// When pods are asked: shortly after they change, soon while something is amiss, else once a minute; and no reconcile waits for them.
import { expect, test } from "vitest";
import type { Answer } from "../../../operator/reconcile/peers.ts";
import type { PodAddress } from "../../../operator/peers/pods.ts";
import { createSurvey } from "../../../operator/peers/survey.ts";
import { manualTime, settle } from "../../support/manual-time.ts";

const a = { namespace: "team", name: "a" };
const told = (connected: number, extra: object = {}): Answer => ({ mode: "Peers", connected, warmup: "copied", clockAhead: false, isNew: false, ...extra });
const pod = (name: string, ready = true): PodAddress => ({ name, address: `address-of-${name}`, ready });

const setUp = () => {
  const time = manualTime();
  let pods: readonly PodAddress[] | undefined = [pod("p-1"), pod("p-2")];
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const news: string[] = [];
  let hold: Promise<void> = Promise.resolve();
  let underWay = 0;
  let most = 0;
  const survey = createSurvey({
    pods: () => pods,
    async ask(address) {
      asked.push(address.replace("address-of-", ""));
      most = Math.max(most, (underWay += 1));
      await hold;
      underWay -= 1;
      return answers.get(address.replace("address-of-", "")) ?? told(1);
    },
    onNews: ({ name }) => void news.push(name),
    timers: time,
    random: () => 0.5,
  });
  return {
    survey,
    time,
    /** Names, in the order in which they were asked. */
    asked,
    news,
    most: () => most,
    answer: (name: string, answer: Answer) => void answers.set(name, answer),
    become: (next: readonly PodAddress[] | undefined) => void (pods = next),
    /** Answers wait from now on until the returned function is called. */
    freeze(): () => void {
      let go = (): void => {};
      hold = new Promise((resolve) => (go = resolve));
      return go;
    },
    /** A reconcile, and the moment that pods are given to change together. */
    async followed() {
      const known = survey.follow(a);
      await time.advanceAsync(500);
      return known;
    },
    /** Who is asked meanwhile. */
    async during(ms: number): Promise<string[]> {
      asked.length = 0;
      await time.advanceAsync(ms);
      return [...asked];
    },
  };
};

test("the first time nothing is known; what the pods say is news, and then known", async () => {
  const { survey, followed, news, asked } = setUp();
  expect(await followed()).toBeUndefined();
  expect([asked, news]).toEqual([["p-1", "p-2"], ["a"]]);
  expect(survey.follow(a)).toEqual([{ name: "p-1", ready: true, answer: told(1) }, { name: "p-2", ready: true, answer: told(1) }]);
});

test("while all is well, once a minute; the same again is no news, and a reconcile asks nobody", async () => {
  const { survey, followed, news, during } = setUp();
  await followed();
  for (let i = 0; i < 50; i++) survey.follow(a);
  expect(await during(59_000)).toEqual([]);
  expect(await during(2_000)).toEqual(["p-1", "p-2"]);
  expect(await during(600_000)).toHaveLength(20);
  expect(news).toEqual(["a"]);
});

test("other pods, or pods that became ready, are asked shortly after", async () => {
  const { followed, become, asked, time } = setUp();
  await followed();
  become([pod("p-1"), pod("p-3", false)]);
  await followed();
  become([pod("p-1"), pod("p-3")]);
  await followed();
  expect(asked).toEqual(["p-1", "p-2", "p-1", "p-3", "p-1", "p-3"]);
  expect(time.pending).toBe(1);
});

test("pods that change together are asked once", async () => {
  const { survey, become, during } = setUp();
  for (const names of [["p-1"], ["p-1", "p-2"], ["p-1", "p-2", "p-3"]]) {
    become(names.map((name) => pod(name)));
    survey.follow(a);
    expect(await during(100)).toEqual([]);
  }
  expect(await during(400)).toEqual(["p-1", "p-2", "p-3"]);
});

test("pods that change while others are being asked are asked right after", async () => {
  const { survey, become, freeze, followed, during, asked } = setUp();
  const go = freeze();
  await followed();
  become([pod("p-9")]);
  survey.follow(a);
  survey.follow(a);
  expect(await during(10_000)).toEqual([]);
  go();
  await during(500);
  expect(asked).toEqual(["p-9"]);
  expect(survey.follow(a)).toMatchObject([{ name: "p-9" }]);
});

test.each<[string, Answer]>([
  ["a pod that lacks a peer", told(0)],
  ["a clock that is ahead", told(1, { clockAhead: true })],
  ["no answer", "unreachable"],
  ["an older responder", "silent"],
])("%s: asked again after 2, 4, 8, 16, 32 s, then each minute, until it is well", async (_, answer) => {
  const { followed, news, during, ...s } = setUp();
  s.answer("p-2", answer);
  await followed();
  const rounds: number[] = [];
  for (let second = 1; second <= 200; second++) if ((await during(1_000)).includes("p-1")) rounds.push(second);
  expect(rounds).toEqual([2, 6, 14, 30, 62, 122, 182]);
  s.answer("p-2", told(1));
  expect(await during(42_000)).toContain("p-2");
  expect(news).toEqual(["a", "a"]);
  expect(await during(59_000)).toEqual([]);
});

test("a ready pod that did not answer is asked a second time at once; one that is not ready is not", async () => {
  const { followed, asked, become, answer } = setUp();
  answer("p-1", "unreachable");
  answer("p-2", "unreachable");
  become([pod("p-1"), pod("p-2", false)]);
  await followed();
  expect(asked.toSorted()).toEqual(["p-1", "p-1", "p-2"]);
});

test("not to know which pods there are is an answer only after some patience", async () => {
  const { survey, followed, become, news, during } = setUp();
  become(undefined);
  await followed();
  await during(6_000);
  expect([survey.follow(a), news]).toEqual([undefined, []]);
  await during(8_000);
  expect([survey.follow(a), news]).toEqual(["blind", ["a"]]);
  become([pod("p-1")]);
  await followed();
  expect(survey.follow(a)).toMatchObject([{ name: "p-1" }]);
});

test("a network that answers nobody holds 32 sockets, however many resources there are", async () => {
  const { survey, freeze, most, asked, time } = setUp();
  const go = freeze();
  for (let i = 0; i < 100; i++) expect(survey.follow({ namespace: "team", name: `r-${i}` })).toBeUndefined();
  await time.advanceAsync(500);
  expect([asked.length, most()]).toEqual([32, 32]);
  go();
  await settle();
  expect([asked.length, most()]).toEqual([200, 32]);
});

test("forgotten, nobody is asked any more, and what was under way says nothing", async () => {
  const { survey, followed, freeze, news, during, time } = setUp();
  survey.follow(a);
  survey.forget(a);
  expect([await during(200_000), time.pending]).toEqual([[], 0]);
  const go = freeze();
  await followed();
  survey.forget(a);
  go();
  expect(await during(200_000)).toEqual([]);
  expect([news, time.pending]).toEqual([[], 0]);
});

test("a stop leaves no timer and asks nobody", async () => {
  const { survey, followed, time, asked } = setUp();
  await followed();
  survey.stop();
  expect(survey.follow({ namespace: "team", name: "b" })).toBeUndefined();
  await time.advanceAsync(200_000);
  expect([asked, time.pending]).toEqual([["p-1", "p-2"], 0]);
});
