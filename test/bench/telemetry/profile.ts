// Which functions telemetry spends its processor time in: V8's profiles of the server with all of it and with none, side by side.
import { profileOf } from "../harness/profiled.ts";
import { table } from "../harness/report.ts";
import type { Result } from "../harness/rounds.ts";
import { putAll } from "../http.ts";
import { startComposition, type HttpTarget, type NodeTarget } from "../peers/node-programs.ts";

const shown = 16;

/** A part of the busy time of each profile is as much of the server's processor time a request. */
export const whereItGoes = async (all: Result, nothing: Result, load: (target: HttpTarget) => Promise<unknown>): Promise<string> => {
  const micros = async (telemetry: "all" | "nothing", result: Result) => {
    const times = await profileOf<NodeTarget>({ start: (watched) => startComposition(telemetry, telemetry, watched), prepare: putAll, load });
    return new Map(times.map(({ where, part }) => [where, part * result.median("cpu")]));
  };
  const [withAll, without] = [await micros("all", all), await micros("nothing", nothing)];
  const rows = [...new Set([...withAll.keys(), ...without.keys()])]
    .map((where) => ({ where, all: withAll.get(where) ?? 0, nothing: without.get(where) ?? 0 }))
    .toSorted((a, b) => b.all - b.nothing - (a.all - a.nothing))
    .slice(0, shown)
    .map(({ where, all, nothing }) => [`\`${where}\``, (all - nothing).toFixed(3), all.toFixed(3), nothing.toFixed(3)]);
  return `V8's profiles of both, functions by how much more of their own time they take in a request with all of it; one profile each, without scrapes, the server's processor time divided as its main thread's was. What is inlined counts for where it is inlined.\n\n${table(["function", "us/req more", "with all", "with nothing"], rows)}`;
};
