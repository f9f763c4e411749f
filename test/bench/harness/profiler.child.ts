// Imported into a process that is to be profiled: SIGUSR2 begins, the next one ends and writes to BENCH_PROFILE, where {pid} stands for its own id. So the start is not in it.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

const session = new Session();
session.connect();
const intervalMicros = 200;
let running = false;

const toggle = async () => {
  if (running) {
    const { profile } = await session.post("Profiler.stop");
    writeFileSync((process.env["BENCH_PROFILE"] ?? "").replace("{pid}", String(process.pid)), JSON.stringify(profile));
  } else {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: intervalMicros });
    await session.post("Profiler.start");
  }
  running = !running;
  console.log(JSON.stringify({ msg: running ? "profiling" : "profiled" }));
};
process.on("SIGUSR2", () => void toggle());
