// `make bench`: runs all benches, or those named, and writes each result into docs/performance.md. Fails when the machine is too noisy or a goal is missed by more than 15 %.
import { inWords, met, passes } from "./harness/goal.ts";
import { describeMachine } from "./harness/machine.ts";
import { standAside } from "./harness/process.ts";
import { markdown, writeSection, type Section } from "./harness/report.ts";
import { hitRatioBench } from "./hit-ratio.ts";
import { httpBench } from "./http.ts";
import { memoryBench } from "./memory.ts";
import { profileBench } from "./profile.ts";
import { replicationBenches } from "./replication.ts";
import { respBench } from "./resp.ts";
import { stallBench } from "./stall.ts";
import { telemetryBench } from "./telemetry.ts";

const benches: Readonly<Record<string, () => Promise<Section>>> = { http: httpBench, telemetry: telemetryBench, resp: respBench, memory: memoryBench, stall: stallBench, "hit-ratio": hitRatioBench, profile: profileBench, ...replicationBenches };

const asked = process.argv.slice(2);
/** By its name, or by what stands before the slash. */
const isNamed = (asked: string, name: string): boolean => name === asked || name.startsWith(`${asked}/`);
const unknown = asked.filter((one) => !Object.keys(benches).some((name) => isNamed(one, name)));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}

// before it steps aside: the machine has more cores than are left to this process
const machine = describeMachine();
standAside();
const problems: string[] = [];
for (const [name, run] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.some((one) => isNamed(one, name))) continue;
  console.log(`==> ${name}`);
  try {
    const section = await run();
    writeSection(section, machine);
    console.log(markdown(section, machine));
    for (const goal of section.goals) if (!met(goal)) (passes(goal) ? [] : problems).push(inWords(goal));
  } catch (err) {
    // the others may still be measured
    problems.push(`${name}: ${err instanceof Error ? err.message : String(err)}`);
    console.error(err);
  }
}
for (const problem of problems) console.error(`missed: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
