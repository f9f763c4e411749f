// The log of real processes: all that they write is lines of the schema, whatever happens to them or to their reader.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lineChecker, readLogSchema } from "../support/log-schema.ts";
import { noise, run, runResponder, type Run } from "./log-run.ts";

const schema = readLogSchema();
const check = { responder: lineChecker(schema, "responder"), operator: lineChecker(schema, "operator") };
const wrongOf = (of: Run, program: keyof typeof check) => of.lines().map(check[program]).filter((problem) => problem !== undefined);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "log-"));
  writeFileSync(join(folder, "runtime.json"), JSON.stringify({ requests: { sample: 1 } }));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("Node's warnings and what libraries print are lines of the log", async () => {
  await using responder = runResponder({ imports: [noise("none")] });
  await responder.said("serving");
  responder.child.kill("SIGUSR2");
  await expect.poll(() => responder.lines().filter(({ msg }) => msg === "printed by a library").length).toBe(2);
  await expect.poll(() => responder.lines().filter(({ msg }) => msg === "warning of Node").length).toBe(3);
  responder.child.kill("SIGTERM");
  expect(await responder.ended).toBe(0);
  const about = responder.lines().filter(({ level }) => level === "warn").map(({ err, text }) => (err as { type: string; code?: string } | undefined) ?? text);
  expect(about).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: "MaxListenersExceededWarning" }),
      expect.objectContaining({ type: "TestWarning", code: "KVR_TEST", message: "a warning" }),
      expect.objectContaining({ type: "DeprecationWarning", code: "DEP0005" }),
      expect.objectContaining({ type: "TypeError", message: "told by a library" }),
      "a text of a library",
    ]),
  );
  expect(wrongOf(responder, "responder")).toEqual([]);
});

test.each([
  ["exception", "uncaughtException", { type: "Error", message: "nobody catches this", code: "E_TEST" }],
  ["rejection", "unhandledRejection", { type: "UnhandledPromiseRejection", code: "ERR_UNHANDLED_REJECTION" }],
] as const)("an uncaught %s is the last line, and the exit code is 1", async (fault, origin, err) => {
  await using responder = runResponder({ imports: [noise(fault)] });
  await responder.said("serving");
  responder.child.kill("SIGUSR2");
  expect(await responder.ended).toBe(1);
  expect(responder.lines().at(-1)).toMatchObject({ level: "fatal", msg: "uncaught exception", origin, err });
  expect(wrongOf(responder, "responder")).toEqual([]);
});

test("a crash loses no line", async () => {
  const lines = 10_000;
  // in one turn, so that none was written before
  await using program = run({ program: "test/responder/telemetry/log-crash.child.ts", args: [String(lines)] });
  expect(await program.ended).toBe(1);
  expect(program.lines().map(({ n, msg }) => n ?? msg)).toEqual([...Array.from({ length: lines }, (_, n) => n), "uncaught exception"]);
});

test("a configuration that is not valid is one line with all problems", async () => {
  await using responder = run({ program: "responder/main.ts", env: { KVR_HTTP_PORT: "x", KVR_TENANT: "-" } });
  await using operator = run({ program: "operator/main.ts", args: ["--workers", "0", "--responder-image", "x"] });
  await using unknown = run({ program: "operator/main.ts", args: ["--no-such-flag"] });
  expect([await responder.ended, await operator.ended, await unknown.ended]).toEqual([2, 2, 2]);
  expect(responder.lines()).toMatchObject([{ level: "fatal", msg: "configuration is not valid", problems: [expect.anything(), expect.stringContaining("KVR_TENANT"), expect.stringContaining("KVR_HTTP_PORT")] }]);
  expect(operator.lines()).toMatchObject([{ level: "fatal", problems: ['--workers must be a whole number from 1 to 64, not "0"'], usage: expect.stringContaining("--responder-image IMAGE") }]);
  expect(unknown.lines()).toMatchObject([{ level: "fatal", problems: [expect.stringContaining("--no-such-flag")] }]);
  expect([...wrongOf(responder, "responder"), ...wrongOf(operator, "operator"), ...wrongOf(unknown, "operator")]).toEqual([]);
});

/** So many requests over one connection; resolves when all are answered. */
const ask = async (port: number, requests: number) => {
  const socket = connect(port, "127.0.0.1");
  let answers = 0;
  socket.write("GET /v1/kv/x HTTP/1.1\r\nhost: x\r\n\r\n".repeat(requests));
  const done = new Promise<void>((resolve) => socket.on("data", (part: Buffer) => {
    answers += part.toString("latin1").split("HTTP/1.1 404").length - 1;
    // a status line may lie across two parts: the last answers are waited for by their number, with a few of tolerance
    if (answers >= requests - 50) resolve();
  }));
  await done;
  socket.destroy();
};
const metric = async (management: string, name: string): Promise<number> => {
  const text = await (await fetch(`${management}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
};

describe("a reader that does not read", () => {
  test("costs neither the service nor memory without bounds, its lines are counted, and the process still ends by itself", async () => {
    // ports that are free now: nobody can read where it listens
    const [http, management] = [await freePort(), await freePort()];
    await using responder = runResponder({ isStalled: true, env: { KVR_HTTP_PORT: String(http), KVR_METRICS_PORT: String(management), KVR_RUNTIME_FILE: join(folder, "runtime.json"), KVR_DRAIN_SECONDS: "1" } });
    await expect.poll(() => fetch(`http://127.0.0.1:${management}/readyz`).then(({ ok }) => ok, () => false), { timeout: 20_000 }).toBe(true);
    const at = `http://127.0.0.1:${management}`;
    await ask(http, 1_000);
    const before = await metric(at, "process_resident_memory_bytes");
    for (let i = 0; i < 20 && (await metric(at, "kv_logs_dropped_total")) === 0; i++) await ask(http, 5_000);
    const dropped = await metric(at, "kv_logs_dropped_total");
    expect(dropped).toBeGreaterThan(0);
    // ten times as many lines as there is room for, and it still answers
    for (let i = 0; i < 10; i++) await ask(http, 10_000);
    expect(await metric(at, "kv_logs_dropped_total")).toBeGreaterThan(dropped + 90_000);
    expect((await metric(at, "process_resident_memory_bytes")) - before).toBeLessThan(120 * 2 ** 20);
    responder.child.kill("SIGTERM");
    expect(await responder.ended).toBe(0);
  });

  test("or that goes away does not end the process", async () => {
    await using responder = runResponder({ env: { KVR_RUNTIME_FILE: join(folder, "runtime.json") } });
    const { http, management } = (await responder.said("serving")) as unknown as Record<"http" | "management", { port: number }>;
    responder.child.stdout?.destroy();
    await ask(http.port, 1_000);
    await expect.poll(() => metric(`http://127.0.0.1:${management.port}`, "kv_logs_dropped_total")).toBeGreaterThan(900);
    responder.child.kill("SIGTERM");
    const [code] = (await once(responder.child, "exit")) as [number];
    expect(code).toBe(0);
  });
});
