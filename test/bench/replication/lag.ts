// From a client's write at one pod until another client reads it at another, while 10,000 writes a second go on; and the same of redis and its replica.
import { atMost } from "../harness/goal.ts";
import { waitedMicros } from "../harness/cpu.ts";
import { table, type Section } from "../harness/report.ts";
import { median, quietly, ratios, runRounds, stopAll, type Figure, type Load, type Result, type Round, type Target } from "../harness/rounds.ts";
import { startRedisPair } from "../peers/redis-pair.ts";
import { openClient, type Client } from "./client.ts";
import { exposition, startMesh, type Mesh } from "./mesh.ts";
import { paced, percentile } from "./paced.ts";

const writesPerSecond = 10_000;
const keyspace = 100_000;
const value = "x".repeat(100);
/** A sample is written at a random moment of so many milliseconds after the last one was seen. */
const pauseMs = 2;

/** Where is written, and where it is to be seen. */
interface Lagging extends Target {
  readonly writePort: number;
  readonly readPort: number;
}

interface LagLoad extends Load {
  /** Part of the time in which the servers could have run but got no core. */
  readonly waited: number;
}

const ofMesh = (mesh: Mesh): Lagging => ({ name: mesh.name, pids: mesh.pids, stop: mesh.stop, writePort: mesh.pods[0]!.respPort, readPort: mesh.pods[1]!.respPort });

/** Reads again and again without a pause: the answer that has it is at most one round trip late. */
const sample = async (writer: Client, reader: Client, text: string): Promise<{ ms: number; commands: number }> => {
  const writtenAt = performance.now();
  const written = writer.command("SET", "lag", text);
  let commands = 2;
  while ((await reader.command("GET", "lag")) !== text) commands++;
  const seenAt = performance.now();
  await written;
  return { ms: seenAt - writtenAt, commands };
};

const load =
  (seconds: number) =>
  async ({ writePort, readPort, pids }: Lagging): Promise<LagLoad> => {
    const [stream, writer, reader] = [await openClient(writePort), await openClient(writePort), await openClient(readPort)];
    const lags: number[] = [];
    const replies: Promise<unknown>[] = [];
    const end = { isOver: false };
    let commands = 0;
    const sampling = (async () => {
      for (let i = 0; !end.isOver; i++) {
        const sampled = await sample(writer, reader, `${process.pid}-${performance.now()}-${i}`);
        lags.push(sampled.ms);
        commands += sampled.commands;
        await new Promise((next) => setTimeout(next, Math.random() * pauseMs));
      }
    })();
    const [startedAt, waitedBefore] = [performance.now(), waitedMicros(pids)];
    const writes = await paced(writesPerSecond, seconds, (due) => {
      replies.push(stream.pipeline(Array.from({ length: due }, () => ["SET", `key:${Math.floor(Math.random() * keyspace)}`, value])));
    });
    await Promise.all(replies);
    const took = (performance.now() - startedAt) / 1000;
    const waited = (waitedMicros(pids) - waitedBefore) / 1e6 / took;
    end.isOver = true;
    await sampling;
    for (const client of [stream, writer, reader]) client.close();
    return { requests: writes + commands, perSecond: writes / took, waited, p50: percentile(lags, 50), p99: percentile(lags, 99) };
  };

export interface LagResults {
  readonly ours: Result;
  readonly control: Result;
  readonly redis: Result;
  /** Part of the records that the second pod applied within a millisecond by both pods' clocks, and within ten. */
  readonly histogram: readonly (readonly [seconds: string, part: number])[];
  readonly controls: readonly number[];
}

export const compareLag = (rounds: number, seconds: number, judgedBy: readonly Figure[]): Promise<LagResults> =>
  quietly("replication lag", async () => {
    const targets: Lagging[] = [];
    try {
      const mesh = await startMesh({ name: "responder, 3 pods", pods: 3 });
      targets.push(ofMesh(mesh));
      targets.push(ofMesh(await startMesh({ name: "responder, 3 pods (control)", pods: 3 })));
      targets.push(await startRedisPair());
      const [ours, control, redis] = await runRounds({ targets, rounds, warmUps: 2, load: load(seconds) });
      if (!ours || !control || !redis) throw new Error("a target has no result");
      const series = await exposition(mesh.pods[1]!);
      const count = series.get("kv_replication_lag_seconds_count") ?? Number.NaN;
      const histogram = ["0.001", "0.0025", "0.01", "0.025"].map((le) => [le, (series.get(`kv_replication_lag_seconds_bucket{le="${le}"}`) ?? Number.NaN) / count] as const);
      return { ours, control, redis, histogram, controls: ratios(ours, control, judgedBy) };
    } finally {
      await stopAll(targets);
    }
  });

export const lagBench = async (): Promise<Section> => {
  const { ours, control, redis, histogram } = await compareLag(7, 3, ["cpu"]);
  const waited = (result: Result) => result.rounds.map((round) => (round as LagLoad & Round).waited);
  const all = (result: Result, figure: "p50" | "p99" | "cpu") => result.rounds.map((round) => round[figure].toFixed(figure === "p50" ? 2 : 1)).join(" ");
  return {
    name: "replication/lag",
    title: "Replication: lag",
    setting: `${writesPerSecond} SETs a second of 100 bytes at the first pod, about ten in a packet, to two peers (redis: to one replica). Lag: from a client's SET at the first until another client's GET at the second answers with it, GETs sent without a pause; both round trips are in it. 7 interleaved rounds of 3 s, a few hundred samples each. CPU counts the sampling GETs as commands too. Waited for a core: how long threads of the servers could have run but got none, all together, each other's work included. Other programs ran on the same cores.`,
    goals: [atMost("lag p50 at 10,000 writes/s, 3 pods", ours.median("p50"), 1, "ms"), atMost("lag p99", ours.median("p99"), 10, "ms"), atMost("lag p50 against a redis replica's", ours.median("p50") / redis.median("p50"), 1)],
    body: [
      table(
        ["system", "writes/s", "p50 ms", "p99 ms", "CPU us/command, all servers", "waited for a core, s each s", "p50 ms, all rounds", "p99 ms, all rounds", "CPU us/command, all rounds"],
        [ours, control, redis].map((result) => [result.target.name, result.median("perSecond").toFixed(0), result.median("p50").toFixed(3), result.median("p99").toFixed(2), result.median("cpu").toFixed(2), median(waited(result)).toFixed(2), all(result, "p50"), all(result, "p99"), all(result, "cpu")]),
      ),
      `By the second pod's own histogram (both pods' clocks, whole milliseconds), of all records: ${histogram.map(([seconds, part]) => `${(part * 100).toFixed(2)} % within ${Number(seconds) * 1000} ms`).join(", ")}.`,
    ].join("\n\n"),
  };
};
