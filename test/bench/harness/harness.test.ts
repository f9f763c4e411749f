// The benches' own arithmetic: goals, controls, medians, and sections of the report.
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { expectGoals } from "./gate.ts";
import { atLeast, atMost, met, passes } from "./goal.ts";
import { sectionOf, withSection } from "./report.ts";
import { median, quietly, runRounds, TooNoisy } from "./rounds.ts";

test("a goal is met at its figure, and the gate lets 0.85 of it pass, in either direction", () => {
  expect([1, 0.99, 0.85, 0.84].map((n) => [met(atLeast("", n, 1)), passes(atLeast("", n, 1))])).toEqual([
    [true, true],
    [false, true],
    [false, true],
    [false, false],
  ]);
  expect([1, 1.01, 1.17, 1.18].map((n) => [met(atMost("", n, 1)), passes(atMost("", n, 1))])).toEqual([
    [true, true],
    [false, true],
    [false, true],
    [false, false],
  ]);
});

test("a figure that could not be measured passes no gate", () => {
  expect(passes(atLeast("", Number.NaN, 0))).toBe(false);
  expect(passes(atMost("", Number.NaN, 15))).toBe(false);
});

test("a run whose control differs is tried again, three times at most", async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const controls = [[1.3], [0.8, 1], [1.1, 0.9]];
  const tries = vi.fn(async () => ({ controls: controls[tries.mock.calls.length - 1] ?? [2] }));
  expect(await quietly("this", tries)).toEqual({ controls: [1.1, 0.9] });
  const hopeless = vi.fn(async () => ({ controls: [1.16] }));
  await expect(quietly("that", hopeless)).rejects.toThrow(TooNoisy);
  expect(hopeless).toHaveBeenCalledTimes(3);
});

/** `figures` of a and b in each try; TooNoisy where there are none. */
const measuring = (tries: readonly (readonly [a: number, b: number] | undefined)[]) => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  let n = 0;
  return async () => {
    const figures = tries[n++];
    if (!figures) throw new TooNoisy("equal servers differed");
    return { goals: [atLeast("a", figures[0], 1), atLeast("b", figures[1], 1)], rounds: [`rounds of ${n}`] };
  };
};

test.each([
  ["at once", [[0.9, 1]], true],
  ["each in a try of its own", [[0.9, 0.8], [0.8, 0.8], [0.8, 0.9]], true],
  ["one in none of three", [[0.9, 0.8], [0.9, 0.8], [0.9, 0.8], [0.9, 0.9]], false],
  ["after a try that was too noisy", [undefined, [0.9, 0.9]], true],
  ["too noisy three times", [undefined, undefined, undefined, [1, 1]], false],
] as const)("a gate is tried three times: goals that pass %s", async (_how, tries, isHeld) => {
  const held = await expectGoals(measuring(tries)).then(
    () => true,
    (err: Error) => err.message,
  );
  expect(held === true).toBe(isHeld);
});

test("a gate that is missed shows what and every round, and another error is not tried again", async () => {
  await expect(expectGoals(measuring([[1, 0.5], [1, 0.5], [1, 0.5]]))).rejects.toThrow(/^b: below the gate[^]*rounds of 1[^]*rounds of 3/);
  const failing = vi.fn(() => Promise.reject(new Error("no such program")));
  await expect(expectGoals(failing)).rejects.toThrow("no such program");
  expect(failing).toHaveBeenCalledOnce();
});

test("every target is in every round, once, after a run that is not counted", async () => {
  const target = (name: string) => ({ name, pids: [process.pid], stop: async () => {} });
  const order: string[] = [];
  const results = await runRounds({
    targets: [target("a"), target("b")],
    rounds: 3,
    load: async ({ name }) => {
      order.push(name);
      return { requests: 1, perSecond: order.length, p50: 1, p99: 1 };
    },
  });
  expect(order.join("")).toBe("ababbaab");
  expect(results.map(({ rounds }) => rounds.map(({ perSecond }) => perSecond))).toEqual([
    [3, 6, 7],
    [4, 5, 8],
  ]);
  expect(results.map((result) => result.median("perSecond"))).toEqual([6, 5]);
});

test("the median of no rounds is no number", () => expect(median([])).toBeNaN());

test("a section is replaced where it stands, and a new one goes to the end", () => {
  const page = withSection(withSection("# Page\n", "a", "first"), "b", "second");
  expect(withSection(page, "a", "third")).toBe("# Page\n\n<!-- bench:a -->\nthird\n<!-- /bench:a -->\n\n<!-- bench:b -->\nsecond\n<!-- /bench:b -->\n");
});

test("the guide to monitoring tells the cost that the report has measured", () => {
  const [report, guide] = ["performance", "MONITORING"].map((page) => sectionOf(readFileSync(`docs/${page}.md`, "utf8"), "telemetry"));
  expect(guide).toMatch(/^\*\*All of it costs \d+\.\d+ us/);
  expect(report).toContain(guide);
});
