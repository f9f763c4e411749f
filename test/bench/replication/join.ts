// A pod that joins one with a million entries: how long until it is ready, and what the clients of the other one notice.
import { join } from "node:path";
import { cpuMicros } from "../harness/cpu.ts";
import { atMost, type Goal } from "../harness/goal.ts";
import { fill } from "../harness/fill.ts";
import { root } from "../harness/process.ts";
import { table, type Section } from "../harness/report.ts";
import { median } from "../harness/rounds.ts";
import type { ResponderOptions, ResponderTarget } from "../peers/responder.ts";
import type { Stalls } from "../stall/heartbeat.ts";
import { openClient } from "./client.ts";
import { exposition, seriesOf, startMesh, until, type Mesh } from "./mesh.ts";
import { paced, percentile } from "./paced.ts";

const value = "x".repeat(100);
const key = (i: number) => `key:${String(i).padStart(10, "0")}`;
const limitBytes = 512 * 2 ** 20;
const getsPerSecond = 2_000;
const atMostMs = 180_000;

export interface Join {
  /** From the start of the process until it has said that it serves, and until it is ready. */
  readonly servingMs: number;
  readonly readyMs: number;
  /** Processor time for each entry. */
  readonly donorMicros: number;
  readonly joinerMicros: number;
  /** Of GETs at the donor, in milliseconds: before, and while the other one is being filled. Undefined: there were none. */
  readonly calmP99?: number;
  readonly p99?: number;
}

/** GETs in packets of their own, for as long as `work` takes. */
const readingWhile = async (pod: ResponderTarget, entries: number, work: () => Promise<unknown>): Promise<number> => {
  const client = await openClient(pod.respPort);
  const times: number[] = [];
  const all: Promise<unknown>[] = [];
  const end = { isOver: false };
  const reading = (async () => {
    while (!end.isOver) {
      await paced(getsPerSecond, 0.1, (due) => {
        for (let i = 0; i < due; i++) {
          const sentAt = performance.now();
          all.push(client.command("GET", key(Math.floor(Math.random() * entries))).then(() => times.push(performance.now() - sentAt)));
        }
      });
    }
  })();
  await work();
  end.isOver = true;
  await reading;
  await Promise.all(all);
  client.close();
  return percentile(times, 99);
};

interface Joining {
  readonly mesh: Mesh;
  readonly donor: ResponderTarget;
  readonly options: ResponderOptions;
}

/** One pod comes, is filled and goes again. */
const joinOnce = async ({ mesh, donor, options }: Joining, entries: number, isRead: boolean): Promise<Join> => {
  const calmP99 = isRead ? await readingWhile(donor, entries, () => new Promise((later) => setTimeout(later, 3_000))) : undefined;
  const before = cpuMicros(donor.pids);
  const bring = async () => {
    const startedAt = performance.now();
    // where there are clients, on the core of the load, as another machine would be: the donor keeps its own
    const joiner = await mesh.join({ ...options, side: isRead ? "load" : "any" });
    const servingMs = performance.now() - startedAt;
    await until("the joiner is ready", async () => (await fetch(`http://127.0.0.1:${joiner.metricsPort}/readyz`)).ok, 20, atMostMs);
    const readyMs = performance.now() - startedAt;
    const [donorMicros, joinerMicros] = [(cpuMicros(donor.pids) - before) / entries, cpuMicros(joiner.pids) / entries];
    const series = await exposition(joiner);
    if (series.get('kv_warmup_state{state="copied"}') !== 1) throw new Error("the joiner was not filled");
    if (series.get("kv_entries") !== entries) throw new Error(`the joiner has ${series.get("kv_entries")} entries of ${entries}`);
    return { joiner, joined: { servingMs, readyMs, donorMicros, joinerMicros } };
  };
  const joining = { done: undefined as Awaited<ReturnType<typeof bring>> | undefined };
  const fillIt = async () => void (joining.done = await bring());
  const p99 = isRead ? await readingWhile(donor, entries, fillIt) : await fillIt();
  if (!joining.done) throw new Error("nothing joined");
  await mesh.part(joining.done.joiner);
  return { ...joining.done.joined, ...(calmP99 === undefined ? {} : { calmP99 }), ...(typeof p99 === "number" ? { p99 } : {}) };
};

export const compareJoins = async (rounds: number, entries: number): Promise<{ readonly quiet: Join[]; readonly read: Join[] }> => {
  const [quiet, read]: [Join[], Join[]] = [[], []];
  const options = { maxMemoryBytes: limitBytes, env: { KVR_WARMUP_TIMEOUT: "300" } };
  const mesh = await startMesh({ name: "donor", pods: 1, options });
  const [donor] = mesh.pods;
  try {
    if (!donor) throw new Error("there is no donor");
    await fill({ port: donor.respPort, entries, key, value });
    for (let round = 0; round < rounds; round++) {
      quiet.push(await joinOnce({ mesh, donor, options }, entries, false));
      read.push(await joinOnce({ mesh, donor, options }, entries, true));
    }
  } finally {
    await mesh.stop();
  }
  return { quiet, read };
};

export interface DonorStalls {
  readonly calm: Stalls;
  readonly joining: Stalls;
}

/** The longest turns of the donor's event loop, by itself and while another pod is filled from it. */
const donorStalls = async (rounds: number, entries: number): Promise<DonorStalls[]> => {
  const options: ResponderOptions = { maxMemoryBytes: limitBytes, env: { KVR_WARMUP_TIMEOUT: "300" } };
  const watched: ResponderOptions = { ...options, side: "any", nodeArgs: ["--import", join(root, "test/bench/stall/in-server.child.ts")] };
  const mesh = await startMesh({ name: "donor", pods: 1, options: watched });
  const [donor] = mesh.pods;
  const stalls: DonorStalls[] = [];
  try {
    if (!donor) throw new Error("there is no donor");
    const ask = async () => {
      const said = donor.says("stalls");
      process.kill(donor.pids[0] ?? 0, "SIGUSR2");
      return (await said) as unknown as Stalls;
    };
    await fill({ port: donor.respPort, entries, key, value });
    for (let round = 0; round < rounds; round++) {
      await ask();
      await new Promise((later) => setTimeout(later, 3_000));
      const calm = await ask();
      const joiner = await mesh.join(options);
      await until("the joiner is filled", async () => (await seriesOf(joiner, 'kv_warmup_state{state="copied"}')) === 1, 50, atMostMs);
      stalls.push({ calm, joining: await ask() });
      await mesh.part(joiner);
    }
  } finally {
    await mesh.stop();
  }
  return stalls;
};

const p99Ratio = ({ calmP99, p99 }: Join): number => (p99 ?? Number.NaN) / (calmP99 ?? Number.NaN);

export const joinGoals = ({ quiet, read }: { readonly quiet: readonly Join[]; readonly read: readonly Join[] }): Goal[] => [
  atMost("join of 1,000,000 entries of 100 bytes, from the start of the process until it is ready", median(quiet.map(({ readyMs }) => readyMs / 1000)), 5, "s"),
  atMost("GET p99 at the donor meanwhile against before", median(read.map(p99Ratio)), 2),
];

export const joinBench = async (): Promise<Section> => {
  const entries = 1_000_000;
  const joins = await compareJoins(5, entries);
  const stalls = await donorStalls(5, entries);
  const row = (name: string) => (join: Join, i: number) => [
    `${name}, ${i + 1}`,
    (join.readyMs / 1000).toFixed(2),
    (join.servingMs / 1000).toFixed(2),
    join.donorMicros.toFixed(2),
    join.joinerMicros.toFixed(2),
    join.calmP99?.toFixed(2) ?? "",
    join.p99?.toFixed(2) ?? "",
  ];
  return {
    name: "replication/join",
    title: "Replication: a join of a million entries",
    setting: `A donor with ${entries} entries of 14 + 100 bytes, and a second pod that is started and filled from it. Ready: /readyz answers 200 and kv_warmup_state says copied; the entries are counted. 5 rounds without clients, and with ${getsPerSecond} GETs a second at the donor, the joiner then on the core of the load. The joiner's processor time has its start in it, about half a second. Other programs ran on the same cores.`,
    goals: joinGoals(joins),
    body: [
      table(["round", "ready after s", "of which its start s", "CPU us/entry, donor", "joiner", "GET p99 ms before", "meanwhile"], [...joins.quiet.map(row("no clients")), ...joins.read.map(row("with GETs"))]),
      "The longest turn of the donor's event loop, as in the section on stalls: what the join itself adds to a GET at the most, whatever other programs do.",
      table(
        ["round", "before: by the clock ms", "without waits for a core", "processor time alone", "meanwhile: by the clock ms", "without waits for a core", "processor time alone"],
        stalls.map(({ calm, joining }, i) => [String(i + 1), ...[calm, joining].flatMap(({ clock, own, processor }) => [clock.toFixed(1), own.toFixed(1), processor.toFixed(1)])]),
      ),
    ].join("\n\n"),
  };
};
