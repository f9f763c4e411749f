// Replication by our frames against a POST for each key: records a second and processor time on both sides; and what a peer that does not answer costs.
import { resolve } from "node:path";
import { cpuMicros } from "../harness/cpu.ts";
import { atLeast, atMost, type Goal } from "../harness/goal.ts";
import { follow, freePort, launch } from "../harness/process.ts";
import { table, type Section } from "../harness/report.ts";
import { median, quietly, ratios, runRounds, stopAll, type Load, type Result, type Target } from "../harness/rounds.ts";
import { until } from "./mesh.ts";
import type { NodeSettings } from "./ways.ts";

interface NodeFacts {
  readonly entries: number;
  readonly connected: number;
  readonly queued: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

interface Node {
  readonly pid: number;
  ask(path: string): Promise<NodeFacts>;
  stop(): Promise<void>;
}

const startNode = async (settings: NodeSettings): Promise<Node> => {
  const running = launch({ side: "server", command: process.execPath, args: ["--expose-gc", "--max-semi-space-size=4", resolve(import.meta.dirname, "node.child.ts"), JSON.stringify(settings)], env: { NODE_ENV: "production" } });
  const { http } = (await follow(running)("serving")) as { http: { port: number } };
  return { pid: running.pid, stop: running.stop, ask: async (path) => (await (await fetch(`http://127.0.0.1:${http.port}${path}`)).json()) as NodeFacts };
};

interface Pair extends Target {
  readonly way: NodeSettings["way"];
  readonly sender: Node;
  readonly receiver: Node | undefined;
}

const startPair = async (way: NodeSettings["way"], name: string): Promise<Pair> => {
  const [one, two] = [await freePort(), await freePort()];
  const nodes = [await startNode({ way, node: 1, port: one, peerPort: two })];
  if (way !== "none") nodes.push(await startNode({ way, node: 2, port: two, peerPort: one }));
  const [sender, receiver] = nodes;
  if (!sender) throw new Error("no node was started");
  if (receiver) await until("both are connected", async () => (await Promise.all(nodes.map((node) => node.ask("/facts")))).every(({ connected }) => connected === 1));
  return { name, way, sender, receiver, pids: nodes.map(({ pid }) => pid), stop: () => stopAll(nodes) };
};

interface WayLoad extends Load {
  readonly atSender: number;
  readonly atReceiver: number;
}

const writes: Record<NodeSettings["way"], number> = { none: 200_000, frames: 200_000, post: 10_000 };
/** The same keys again and again: after the first round nothing grows. */
const run =
  (part: number) =>
  async ({ way, sender, receiver }: Pair): Promise<WayLoad> => {
    const requests = Math.round(writes[way] * part);
    const of = (node: Node | undefined) => cpuMicros(node ? [node.pid] : []);
    const [senderBefore, receiverBefore, startedAt] = [of(sender), of(receiver), performance.now()];
    const { queued } = await sender.ask(`/write?from=0&count=${requests}`);
    if (queued > 0) throw new Error(`${queued} records have not arrived`);
    const perSecond = requests / ((performance.now() - startedAt) / 1000);
    return { requests, perSecond, p50: 0, p99: 0, atSender: (of(sender) - senderBefore) / requests, atReceiver: (of(receiver) - receiverBefore) / requests };
  };

export interface WayResults {
  readonly results: readonly Result[];
  readonly rounds: readonly (readonly WayLoad[])[];
  /** Processor time of both sides, without that of writing into the store. */
  readonly cheaper: number;
  readonly faster: number;
  readonly sending: number;
  readonly receiving: number;
  readonly controls: readonly number[];
}

/** `part` of the full number of writes. */
export const compareWays = (rounds: number, part: number): Promise<WayResults> =>
  quietly("ways to replicate", async () => {
    const targets: Pair[] = [];
    try {
      targets.push(await startPair("frames", "frames"), await startPair("frames", "frames (control)"), await startPair("post", "a POST for each key"), await startPair("none", "no replication"));
      const taken = new Map<Pair, WayLoad[]>(targets.map((target) => [target, []]));
      const once = run(part);
      const results = await runRounds({
        targets,
        rounds,
        warmUps: 2,
        load: async (target) => {
          const load = await once(target);
          taken.get(target)?.push(load);
          return load;
        },
      });
      const counted = targets.map((target) => taken.get(target)?.slice(-rounds) ?? []);
      const [frames, , post, none] = counted;
      const [ours, control, theirs] = results;
      if (!ours || !control || !theirs || !frames || !post || !none) throw new Error("a way has no result");
      const store = (i: number) => none[i]?.atSender ?? Number.NaN;
      const both = (loads: readonly WayLoad[]) => loads.map(({ atSender, atReceiver }, i) => atSender + atReceiver - store(i));
      return {
        results,
        rounds: counted,
        cheaper: median(both(post).map((cost, i) => cost / (both(frames)[i] ?? Number.NaN))),
        faster: theirs ? ours.median("perSecond") / theirs.median("perSecond") : Number.NaN,
        sending: median(frames.map(({ atSender }, i) => atSender - store(i))),
        receiving: median(frames.map(({ atReceiver }) => atReceiver)),
        controls: ratios(ours, control, ["cpu"]),
      };
    } finally {
      await stopAll(targets);
    }
  });

export const wayGoals = ({ cheaper, sending, receiving }: WayResults): Goal[] => [
  atLeast("processor time of both sides: a POST for each key against frames", cheaper, 15),
  atMost("frames, processor time a record at the sending side", sending, 3, "us"),
  atMost("frames, processor time a record at the receiving side", receiving, 3, "us"),
];

const entries = 1_000_000;
/** A frozen peer: all that is written is owed to it. Returns bytes a million records of the backlog, by V8's books after a collection. */
export const backlogBytes = async (): Promise<{ bytes: number; owed: number }> => {
  const pair = await startPair("frames", "frames, peer frozen");
  try {
    // all keys are there at both, so that the second time only the backlog grows
    await pair.sender.ask(`/write?from=0&count=${entries}`);
    const before = await pair.sender.ask("/facts");
    if (pair.receiver) process.kill(pair.receiver.pid, "SIGSTOP");
    const after = await pair.sender.ask(`/owe?from=0&count=${entries}`);
    return { bytes: after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers, owed: after.queued };
  } finally {
    if (pair.receiver) process.kill(pair.receiver.pid, "SIGCONT");
    await pair.stop();
  }
};

const mebibyte = 2 ** 20;
export const backlogGoal = ({ bytes, owed }: { bytes: number; owed: number }): Goal => atMost("memory for a million records that a frozen peer has not got", (bytes / owed) * (1_000_000 / mebibyte), 1, "MiB");

export const waysBench = async (): Promise<Section> => {
  const compared = await compareWays(7, 1);
  const backlogs = [await backlogBytes(), await backlogBytes(), await backlogBytes()];
  const { results, rounds, faster } = compared;
  const show = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(" ");
  return {
    name: "replication/ways",
    title: "Replication: frames against a POST for each key",
    setting: `Two processes with the responder's store and the bare way to replicate it, no protocol for clients: entries of 14 + 100 bytes written in the process, 64 in a turn of the event loop. A POST for each key: node:http, JSON, ${64} kept connections, as usual. 7 interleaved rounds of 200,000 writes (POST: 10,000). The frozen peer is stopped while a million keys are written again. Other programs ran on the same cores.`,
    goals: [atLeast("records a second: frames against a POST for each key", faster, 15), ...wayGoals(compared), backlogGoal({ bytes: median(backlogs.map(({ bytes }) => bytes)), owed: entries })],
    body: [
      table(
        ["way", "records/s", "CPU us/record, sender with its store", "receiver", "sender, all rounds", "receiver, all rounds", "thousand records/s, all rounds"],
        results.map((result, i) => {
          const all = rounds[i] ?? [];
          const [sender, receiver] = [all.map((load) => load.atSender), all.map((load) => load.atReceiver)];
          return [result.target.name, result.median("perSecond").toFixed(0), median(sender).toFixed(2), median(receiver).toFixed(2), show(sender), show(receiver), show(all.map((load) => load.perSecond / 1000))];
        }),
      ),
      `Backlog of a frozen peer: ${backlogs.map(({ bytes, owed }) => `${(bytes / 1024).toFixed(0)} KiB for ${owed} records`).join("; ")}. What the socket had taken in before it was full is in it.`,
    ].join("\n\n"),
  };
};
