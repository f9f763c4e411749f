import { pollFile } from "#lib/poll-file";
import { expect, test, vi } from "vitest";

const start = (first: () => string) => {
  let read = first;
  let tick = () => {};
  const onText = vi.fn<(text: string) => void>();
  const onProblem = vi.fn<(err: unknown) => void>();
  const timers = {
    every: (_: number, run: () => void) => {
      tick = run;
      return () => void (tick = () => {});
    },
  };
  const stop = pollFile({ path: "/x", everyMs: 1000, timers, onText, onProblem, read: () => read() });
  return { stop, onText, onProblem, tick: () => tick(), becomes: (next: () => string) => void (read = next) };
};
const missing = () => {
  throw new Error("ENOENT");
};

test("the text is told at once, then only when it changes", () => {
  const file = start(() => "a");
  expect(file.onText.mock.calls).toEqual([["a"]]);
  file.tick();
  file.becomes(() => "b");
  file.tick();
  file.tick();
  expect(file.onText.mock.calls).toEqual([["a"], ["b"]]);
});

test("a problem is told once, and the file is read again when it is back", () => {
  const file = start(missing);
  file.tick();
  file.tick();
  expect(file.onProblem).toHaveBeenCalledTimes(1);
  file.becomes(() => "a");
  file.tick();
  expect(file.onText.mock.calls).toEqual([["a"]]);
  for (const times of [2, 3]) {
    file.becomes(missing);
    file.tick();
    expect(file.onProblem).toHaveBeenCalledTimes(times);
    file.becomes(() => "a");
    file.tick();
  }
});

test("text that is refused is a problem, told once", () => {
  const file = start(() => "good");
  file.onText.mockImplementation((text) => {
    if (text === "bad") throw new Error("not allowed");
  });
  file.becomes(() => "bad");
  file.tick();
  file.tick();
  expect(file.onProblem).toHaveBeenCalledTimes(1);
  file.becomes(() => "good");
  file.tick();
  expect(file.onText).toHaveBeenLastCalledWith("good");
});

test("after the end nothing is read", () => {
  const file = start(() => "a");
  file.stop();
  file.becomes(() => "b");
  file.tick();
  expect(file.onText).toHaveBeenCalledTimes(1);
});
