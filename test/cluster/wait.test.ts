// Waiting: the first answer, the deadline, and what the error says.
import { expect, test } from "vitest";
import { waitFor, type WaitTime } from "./wait.ts";

const handDriven = () => {
  let now = 0;
  const slept: number[] = [];
  const time: WaitTime = {
    clock: { wall: () => now, monotonic: () => now },
    sleep: async (ms) => {
      slept.push(ms);
      now += ms;
    },
  };
  return { time, slept };
};

test("resolves with the first value, asking at the interval", async () => {
  const { time, slept } = handDriven();
  const answers = [undefined, false, "yes", "too late"] as const;
  let asked = 0;
  expect(await waitFor("an answer", () => answers[asked++], { intervalMs: 70 }, time)).toBe("yes");
  expect(slept).toEqual([70, 70]);
});

test.each([0, "", null])("%j is a value", async (value) => {
  expect(await waitFor<unknown>("it", () => value, {}, handDriven().time)).toBe(value);
});

test("asks once more at the deadline, then says what it waited for and what it saw", async () => {
  const { time } = handDriven();
  let asked = 0;
  const waiting = waitFor("a pod", () => void asked++, { timeoutMs: 300, intervalMs: 100 }, time);
  await expect(waiting).rejects.toThrow("waited 300 ms for a pod; last: undefined");
  expect(asked).toBe(4);
});

test("an error means not yet, and is told at the end", async () => {
  const { time } = handDriven();
  const refuse = async (): Promise<string> => {
    throw new Error("connection refused");
  };
  await expect(waitFor("the server", refuse, { timeoutMs: 100 }, time)).rejects.toThrow("waited 100 ms for the server; last: connection refused");
});
