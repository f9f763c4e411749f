// What of the cost at a low rate belongs to a record and what to a turn of the event loop: the same number of packets a second with more and more writes in each.
import { cpuMicros } from "../harness/cpu.ts";
import { fill } from "../harness/fill.ts";
import { atMost } from "../harness/goal.ts";
import { table, type Section } from "../harness/report.ts";
import { median } from "../harness/rounds.ts";
import { drained, startMesh } from "./mesh.ts";
import { steady } from "./steady.ts";

const rates = [1_000, 5_000, 10_000, 20_000, 40_000];
const rounds = 5;
const seconds = 2;

interface Step {
  readonly rate: number;
  /** Milliseconds of processor time a second. */
  readonly writer: number;
  readonly receiver: number;
}

/** Least squares: what one write more a second costs, in microseconds. */
const slope = (steps: readonly Step[], of: "writer" | "receiver"): number => {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(steps.map(({ rate }) => rate)), mean(steps.map((step) => step[of]))];
  return (1000 * steps.reduce((sum, step) => sum + (step.rate - x) * (step[of] - y), 0)) / steps.reduce((sum, { rate }) => sum + (rate - x) ** 2, 0);
};

const climb = async (): Promise<Step[][]> => {
  const mesh = await startMesh({ name: "a pair", pods: 2, options: { maxMemoryBytes: 512 * 2 ** 20 } });
  const [first, second] = mesh.pods;
  if (!first || !second) throw new Error("a pod is missing");
  const all: Step[][] = [];
  try {
    // the whole keyspace: what follows replaces
    await fill({ port: first.respPort, entries: 1_000_000, key: (i) => `key:${i}`, value: "x".repeat(100) });
    for (let round = 0; round < rounds; round++) {
      const steps: Step[] = [];
      for (const rate of round % 2 ? rates.toReversed() : rates) {
        await drained(mesh.pods);
        const [writer, receiver, startedAt] = [cpuMicros(first.pids), cpuMicros(second.pids), performance.now()];
        await steady(first.respPort, rate, seconds);
        const took = performance.now() - startedAt;
        steps.push({ rate, writer: (cpuMicros(first.pids) - writer) / took, receiver: (cpuMicros(second.pids) - receiver) / took });
      }
      all.push(steps.toSorted((a, b) => a.rate - b.rate));
    }
  } finally {
    await mesh.stop();
  }
  return all;
};

export const turnsBench = async (): Promise<Section> => {
  const all = await climb();
  const of = (which: "writer" | "receiver") => all.map((steps) => slope(steps, which));
  const show = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(" ");
  return {
    name: "replication/turns",
    title: "Replication: a record and a turn of the loop",
    setting: `A pod with a client and its peer; a packet about every millisecond with 1 to 40 SETs of 100 bytes in it; ${rounds} rounds of ${seconds} s each. What a write more costs is the slope, what does not change with the rate is the turn: waking up, reading, writing an answer. Other programs ran on the same cores.`,
    goals: [atMost("processor time of a record more at the receiving side (median of the slopes)", median(of("receiver")), 3, "us")],
    body: [
      table(
        ["writes/s", "at the writer's, ms of processor time a second", "at the receiver's", "at the writer's, all rounds", "at the receiver's, all rounds"],
        rates.map((rate, i) => {
          const [writer, receiver] = (["writer", "receiver"] as const).map((which) => all.map((steps) => steps[i]?.[which] ?? Number.NaN));
          return [String(rate), median(writer ?? []).toFixed(0), median(receiver ?? []).toFixed(0), show(writer ?? []), show(receiver ?? [])];
        }),
      ),
      `A write more costs the writer, its SET included, ${median(of("writer")).toFixed(2)} us (all rounds: ${of("writer").map((value) => value.toFixed(2)).join(" ")}), the receiver ${median(of("receiver")).toFixed(2)} us (${of("receiver").map((value) => value.toFixed(2)).join(" ")}).`,
    ].join("\n\n"),
  };
};
