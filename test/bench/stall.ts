// The longest stall of an event loop while a million entries are filled in and churned, seen from another thread; against lru-cache, and against a loop that caches nothing.
import { atLeast, atMost } from "./harness/goal.ts";
import { output, root } from "./harness/process.ts";
import { table, type Section } from "./harness/report.ts";
import { median } from "./harness/rounds.ts";
import type { Stalls } from "./stall/heartbeat.ts";
import { serverStalls } from "./stall/server.ts";
import { subjectNames, type SubjectName } from "./stall/subjects.ts";

export interface Churned {
  readonly subject: SubjectName;
  readonly fill: Stalls;
  readonly churn: Stalls;
}

/** In a process of its own. Throws when the cache did not hold all entries. */
export const churn = async (subject: SubjectName, entries: number): Promise<Churned> => {
  const text = await output("any", process.execPath, [`${root}/test/bench/stall/churn.child.ts`, subject, String(entries)]);
  const result = JSON.parse(text) as { fill: Stalls; churn: Stalls; held: number };
  if (subject !== "nothing" && result.held !== entries) throw new Error(`${subject} held ${result.held} of ${entries} entries`);
  return { subject, ...result };
};

/** The worst of both phases in each round; the median of the rounds. */
export const worst = (rounds: readonly Churned[], subject: SubjectName, measure: "own" | "processor"): number =>
  median(rounds.filter((round) => round.subject === subject).map(({ fill, churn }) => Math.max(fill[measure], churn[measure])));

export const churnAll = async (rounds: number, entries: number, subjects: readonly SubjectName[] = subjectNames): Promise<Churned[]> => {
  const all: Churned[] = [];
  for (let round = 0; round < rounds; round++) for (const subject of subjects) all.push(await churn(subject, entries));
  return all;
};

export const stallBench = async (): Promise<Section> => {
  const entries = 1_000_000;
  const rounds = await churnAll(5, entries);
  const servers = [await serverStalls(), await serverStalls(), await serverStalls()];
  const each = (subject: SubjectName, show: (round: Churned) => number, digits = 1) =>
    rounds
      .filter((round) => round.subject === subject)
      .map((round) => show(round).toFixed(digits))
      .join(" ");
  const storeTable = table(
    ["cache", "fill: longest ms, all rounds", "by the clock", "processor time alone", "churn: longest ms, all rounds", "by the clock", "processor time alone", "gaps above 5 ms"],
    subjectNames.map((name) => [
      name,
      each(name, ({ fill }) => fill.own),
      each(name, ({ fill }) => fill.clock),
      each(name, ({ fill }) => fill.processor),
      each(name, ({ churn }) => churn.own),
      each(name, ({ churn }) => churn.clock),
      each(name, ({ churn }) => churn.processor),
      each(name, ({ fill, churn }) => fill.above5 + churn.above5, 0),
      ]),
  );
  return {
    name: "stall",
    title: "Longest stall of the event loop",
    setting: `${entries} entries of 14 + 100 bytes with a TTL put in, then as many more with as many gets, 100 operations a turn; a thread of its own looks at the loop 5000 times a second. Time in which the loop's thread could run but got no core is taken off in the figures that are compared: "nothing" makes keys and caches none.`,
    goals: [
      atMost("longest stall while a million entries churn (median of 5 rounds, fill and churn)", worst(rounds, "store", "own"), 15, "ms"),
      atMost("the same in the whole responder under redis-benchmark (median of 3 runs)", median(servers.map(({ fill, churn }) => Math.max(fill.own, churn.own))), 15, "ms"),
      atLeast("times shorter than with lru-cache", worst(rounds, "lru-cache", "own") / worst(rounds, "store", "own"), 4),
    ],
    body: [
      storeTable,
      "The whole responder, 192 MiB, SETs of random keys with pipeline 16 from 32 connections, two scrapes a second; the first two million fill it, the second two million churn it:",
      table(
        ["run", "entries", "fill: longest ms", "by the clock", "churn: longest ms", "by the clock", "gaps above 5 ms"],
        servers.map(({ fill, churn }, i) => [String(i + 1), String(churn.entries), ...[fill.own, fill.clock, churn.own, churn.clock].map((ms) => ms.toFixed(1)), String(fill.above5 + churn.above5)]),
      ),
    ].join("\n\n"),
  };
};
