// The memory that the operator plans for a pod, held by the bundle under floods of every size over both protocols. KVR_FLOODS=n repeats them, for a soak.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryPlan } from "#contract/memory";
import { bundle } from "../../build/bundle.ts";
import { startResponder, type ResponderProcess } from "./process.ts";

const mebibyte = 2 ** 20;
const needs = { maxMemoryBytes: 64 * mebibyte, maxValueBytes: mebibyte };
const plan = memoryPlan(needs);
const floods = Number(process.env["KVR_FLOODS"] ?? 1);
/** Small ones twice: what they leave must serve the large ones, and the other way round. */
const sizes = [100, 3_000, 1_000_000, 100, 100_000];
const connections = 32;

let dir: string;
let responder: ResponderProcess;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "kvr-bundle-"));
  for (const { name, content } of await bundle({ main: "responder/main.ts" })) writeFileSync(join(dir, name), content);
  const env = { KVR_MAX_MEMORY: String(needs.maxMemoryBytes), KVR_MAX_VALUE_BYTES: String(needs.maxValueBytes), KVR_RESP_PORT: "0", NODE_OPTIONS: plan.nodeArgs.join(" ") };
  responder = await startResponder(env, { program: join(dir, "main.mjs") });
});

afterAll(async () => {
  await responder?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

/**
 * What the process needed at its peak: the most that it ever held, less half of the pages of files, which are those of node's binary, some 50 MiB.
 * The kernel takes such pages back before it kills anything; but the half that runs all the time would be read again at once, so it counts.
 */
const peakBytes = (): number => {
  const status = readFileSync(`/proc/${responder.pid}/status`, "utf8");
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
  return bytes("VmHWM") - bytes("RssFile") / 2;
};

let written = 0;

const floodHttp = async (size: number, values: number): Promise<void> => {
  const pool = new Pool(responder.api, { connections });
  const body = Buffer.alloc(size, "h");
  let left = values;
  const client = async () => {
    while (left > 0) {
      left--;
      const answer = await pool.request({ method: "PUT", path: `/v1/kv/h${written++}`, body });
      await answer.body.dump();
      // more large bodies at once than may be in transit: the client is told to try again, and does
      if (answer.statusCode === 503) left++;
      else expect(answer.statusCode).toBe(201);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  await pool.close();
};

const floodResp = async (size: number, values: number): Promise<void> => {
  const body = Buffer.alloc(size, "r");
  const perBatch = Math.max(1, Math.floor(262_144 / size));
  const client = async () => {
    const socket = connect(responder.ports.resp, "127.0.0.1");
    let batch = 0;
    for (let done = 0; done < values / 8; done += perBatch) {
      const commands = Array.from({ length: perBatch }, () => {
        const key = `r${written++}`;
        return [Buffer.from(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${size}\r\n`), body, Buffer.from("\r\n")];
      });
      let replies = "";
      socket.write(Buffer.concat(commands.flat()));
      while (replies.length < perBatch * 5) {
        const [chunk] = (await new Promise<[Buffer]>((resolve) => void socket.once("data", (data) => resolve([data])))) as [Buffer];
        replies += chunk.toString();
      }
      expect(replies).toBe("+OK\r\n".repeat(perBatch));
      batch++;
    }
    socket.destroy();
    return batch;
  };
  await Promise.all(Array.from({ length: 8 }, client));
};

test(`${floods} rounds of floods, each of two to six times maxMemory, stay within the planned limit; every write is acknowledged in the end`, { timeout: 60_000 * (1 + floods) }, async () => {
  for (let round = 0; round < floods; round++) {
    for (const size of sizes) {
      const values = Math.ceil((2 * needs.maxMemoryBytes) / size);
      // one request for each small value would take minutes and show no more
      await floodHttp(size, Math.min(values, 20_000));
      await floodResp(size, values);
      expect(peakBytes() / mebibyte, `after values of ${size} bytes`).toBeLessThanOrEqual(plan.limitBytes / mebibyte);
    }
  }
  const metrics = await (await fetch(`${responder.api}/metrics`)).text();
  const used = Number(/^kv_memory_used_bytes (\d+)$/m.exec(metrics)?.[1]);
  expect(used).toBeLessThanOrEqual(needs.maxMemoryBytes);
  expect(used).toBeGreaterThan(needs.maxMemoryBytes * 0.9);
});
