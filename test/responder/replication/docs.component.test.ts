// Plays the transcripts of docs/replication.md: its three processes with the settings that it gives them, on ports of their own, and what each command answers.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reservePort, type ReservedPort } from "../../cluster/ports.ts";
import { fakeWall } from "../../support/fake-wall.ts";
import { comparable, examplesOf, tidy, transcript, type Example } from "../../support/transcripts.ts";
import { startResponder, type ResponderProcess } from "../process.ts";

const run = promisify(execFile);
const soon = { timeout: 20_000 };
const ports = new Map<string, ReservedPort>();
const pods = new Map<number, ResponderProcess>();
let dir = "";
let blocks: Example[][] = [];

/** The page's ports and folder are not ours. */
const here = (text: string): string => text.replace(/\b(?:1794|1808|1909|1637)[123]\b/g, (port) => String(ports.get(port)?.port)).replaceAll("/tmp/", `${dir}/`);
const answer = async (command: string): Promise<string> => comparable(tidy((await run("bash", ["-c", here(command)], { cwd: dir })).stdout));

/** The variables that the page's loop sets, for the n-th time through it. */
const environment = (n: number): Record<string, string> => {
  const loop = blocks[0]?.find(({ command }) => command.startsWith("for n in 1 2 3"))?.command ?? "";
  return Object.fromEntries([...loop.matchAll(/(KVR_\w+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, here(value.replaceAll("$n", String(n)))]));
};
const start = async (n: number, more: Readonly<Record<string, string>> = {}): Promise<ResponderProcess> => {
  const pod = await startResponder({ ...environment(n), ...more });
  pods.set(n, pod);
  return pod;
};
const example = (block: number, part: string): Example => {
  const found = blocks[block]?.filter(({ command }) => command.includes(part)) ?? [];
  if (found.length !== 1) throw new Error(`block ${block} of the page has ${JSON.stringify(part)} ${found.length} times`);
  return found[0]!;
};
/** In time, where the page waits for what pods tell each other. `same` leaves out what differs. */
const answers = (block: number, part: string, same = (text: string) => text) => expect.poll(async () => same(await answer(example(block, part).command)), soon).toBe(same(comparable(example(block, part).output)));

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "kvr-docs-"));
  const text = await readFile("docs/replication.md", "utf8");
  blocks = [...text.matchAll(transcript)].map(([, inside = ""]) => examplesOf(inside));
  for (const kind of ["1794", "1808", "1909", "1637"]) for (const n of [1, 2, 3]) ports.set(`${kind}${n}`, await reservePort());
});
afterAll(async () => {
  for (const pod of pods.values()) await pod[Symbol.asyncDispose]();
  for (const { release } of ports.values()) release();
  await rm(dir, { recursive: true });
});

test("three processes find each other", async () => {
  await answer(example(0, "local-secret").command);
  expect(Object.keys(environment(1)).length).toBeGreaterThan(7);
  await Promise.all([1, 2, 3].map((n) => start(n)));
  // a process that is slow to start finds the others there
  await answers(0, "/info", (text) => text.replace('"warmup":"copied"', '"warmup":"alone"'));
});

test("writes are acknowledged, by all, and with one frozen by as many as there are", async () => {
  for (const { command, output } of blocks[1] ?? []) expect(await answer(command)).toBe(comparable(output));
  pods.get(3)?.signal("SIGSTOP");
  for (const { command, output } of blocks[2] ?? []) expect(await answer(command)).toBe(comparable(output));
  pods.get(3)?.signal("SIGCONT");
  await expect.poll(() => answer("curl -s localhost:18083/v1/kv/order"), soon).toBe("sent");
});

test("one reads one's own write elsewhere", async () => {
  for (const { command, output } of blocks[3] ?? []) expect(await answer(command)).toBe(comparable(output));
});

test("one that was killed is filled again", async () => {
  pods.get(3)?.signal("SIGKILL");
  await pods.get(3)?.ended;
  const pod = await start(3);
  await expect.poll(() => pod.lines.some(({ msg }) => msg === "warmed up"), soon).toBe(true);
  await writeFile(join(dir, "pod-3.log"), pod.lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  await answers(4, "grep", (text) => text.replace(/"durationMs":[\d.]+/, '"durationMs":N'));
});

test("one whose clock is ahead is not ready, and says so", async () => {
  await pods.get(3)?.[Symbol.asyncDispose]();
  await start(3, fakeWall({ FAKETIME: "+10" }));
  await answers(5, "readyz");
});
