// `make bench`: CPU per GET hit of the fully instrumented responder against bare node:http, interleaved, with an A/A control.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { Pool } from "undici";

const root = resolve(import.meta.dirname, "../..");
const rounds = 5;
const requests = 20_000;
const connections = 32;
/** The control may differ by this much; otherwise the machine was too noisy and the run is tried again. */
const noise = 0.15;
const tries = 3;

interface Target {
  name: string;
  child: ChildProcess;
  pool: Pool;
}

const start = async (name: string, program: string): Promise<Target> => {
  const env = { ...process.env, KVR_HTTP_PORT: "0", KVR_METRICS_PORT: "0" };
  const child = spawn(process.execPath, [resolve(root, program)], { env, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, http } = JSON.parse(line) as { msg: string; http?: { host: string; port: number } };
    if (msg === "serving" && http) {
      // keep reading: a full pipe would make the log drop lines, and so cheaper
      child.stdout.resume();
      return { name, child, pool: new Pool(`http://${http.host}:${http.port}`, { connections }) };
    }
  }
  throw new Error(`${name} did not start`);
};

/** User and system time of the process in microseconds; a tick is 10 ms on Linux. */
const cpuMicros = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
};

const get = async ({ pool }: Target): Promise<void> => {
  const { statusCode, body } = await pool.request({ method: "GET", path: "/v1/kv/bench" });
  await body.dump();
  if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
};

/** Microseconds of server CPU per request. */
const measure = async (target: Target): Promise<number> => {
  const before = cpuMicros(target.child.pid ?? 0);
  let left = requests;
  const client = async (): Promise<void> => {
    while (left-- > 0) await get(target);
  };
  await Promise.all(Array.from({ length: connections }, client));
  return (cpuMicros(target.child.pid ?? 0) - before) / requests;
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const run = async (): Promise<boolean> => {
  const targets = [await start("responder", "responder/main.ts"), await start("bare node:http", "test/bench/plain-server.ts"), await start("bare node:http (control)", "test/bench/plain-server.ts")];
  try {
    for (const target of targets) {
      const put = await target.pool.request({ method: "PUT", path: "/v1/kv/bench", body: Buffer.alloc(100, "x") });
      await put.body.dump();
      await measure(target);
    }
    const results = targets.map(() => [] as number[]);
    for (let round = 0; round < rounds; round++) for (const [i, target] of targets.entries()) results[i]?.push(await measure(target));
    for (const [i, { name }] of targets.entries()) console.log(`${name.padEnd(26)} ${results[i]?.map((r) => r.toFixed(1).padStart(6)).join("")}   median ${median(results[i] ?? []).toFixed(1)} us CPU a request`);
    const [ours, bare, control] = results.map(median) as [number, number, number];
    const difference = Math.abs(control / bare - 1);
    console.log(`responder / bare ${(ours / bare).toFixed(2)}, control / bare ${(control / bare).toFixed(2)}`);
    return difference <= noise;
  } finally {
    for (const { pool, child } of targets) {
      await pool.destroy();
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  }
};

console.log(`${rounds} rounds of ${requests} GETs of 100 bytes over ${connections} connections`);
for (let attempt = 1; !(await run()); attempt++) {
  if (attempt === tries) {
    console.error(`the control differed by more than ${noise * 100} % in ${tries} runs: the machine is too noisy`);
    process.exit(1);
  }
  console.log("the control differed too much; again");
}
