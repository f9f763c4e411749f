// A real log shipper reads the logs of both programs: of a run, with Node's own warnings and the crash that ends it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lineChecker, readLogSchema } from "../support/log-schema.ts";
import { noise, run, runResponder, type Run } from "../responder/log-run.ts";
import { ship } from "./rsyslog.ts";

let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shipper-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const subfolder = (): string => mkdtempSync(join(folder, "ship-"));

interface Told {
  readonly service: string;
  readonly tenant?: string;
  readonly level: string;
  readonly msg: string;
  readonly err?: { readonly type: string };
}

/** What the template writes of a line. */
const fieldsOf = (line: string): string => {
  const { service, tenant = "", level, msg, err } = JSON.parse(line) as Told;
  return [service, tenant, level, msg, err?.type ?? ""].join("|");
};

/** Everything that is told by a process whose last line is a crash. */
const crash = async (of: Run): Promise<string[]> => {
  of.child.kill("SIGUSR2");
  expect(await of.ended).toBe(1);
  return of.text().trimEnd().split("\n");
};

test("every line of both programs is parsed, and its fields arrive", async () => {
  writeFileSync(join(folder, "runtime.json"), JSON.stringify({ requests: { sample: 1 } }));
  await using responder = runResponder({ imports: [noise("exception")], env: { KVR_TENANT: "acme", KVR_RUNTIME_FILE: join(folder, "runtime.json") } });
  const { http } = (await responder.said("serving")) as unknown as { http: { port: number } };
  for (let i = 0; i < 200; i++) await (await fetch(`http://127.0.0.1:${http.port}/v1/kv/key-${i}`, { method: i % 2 === 0 ? "PUT" : "GET", ...(i % 2 === 0 && { body: "value" }) })).arrayBuffer();

  // an operator whose API server cannot be reached
  const kubeconfig = join(folder, "kubeconfig");
  const name = "nobody";
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", clusters: [{ name, cluster: { server: "https://127.0.0.1:1" } }], users: [{ name, user: {} }], contexts: [{ name, context: { cluster: name, user: name } }], "current-context": name }));
  await using operator = run({ program: "operator/main.ts", args: ["--responder-image", "x", "--host", "127.0.0.1", "--port", "0", "--kubeconfig", kubeconfig, "--log-level", "debug"], imports: [noise("rejection")] });
  await operator.said("list or watch failed");

  await using wrong = run({ program: "responder/main.ts", env: { KVR_TENANT: "acme", KVR_HTTP_PORT: "x" } });
  await wrong.ended;
  const lines = [...(await crash(responder)), ...(await crash(operator)), ...wrong.text().trimEnd().split("\n")];
  const { parsed, unread } = await ship(subfolder(), lines);
  expect(unread).toEqual([]);
  expect(parsed.toSorted()).toEqual(lines.map(fieldsOf).toSorted());
  expect(parsed.filter((line) => line === "kv-responder-local|acme|info|request|").length).toBe(200);
  expect(parsed).toEqual(
    expect.arrayContaining([
      "kv-responder-local|acme|warn|warning of Node|MaxListenersExceededWarning",
      "kv-responder-local|acme|fatal|uncaught exception|Error",
      "local|acme|fatal|configuration is not valid|",
      "kv-responder-operator||warn|warning of Node|MaxListenersExceededWarning",
      "kv-responder-operator||fatal|uncaught exception|UnhandledPromiseRejection",
    ]),
  );
  const check = lineChecker(readLogSchema(), "operator");
  expect(operator.lines().map(check).filter((problem) => problem !== undefined)).toEqual([]);
});

test("the shipper tells what is no JSON", async () => {
  const good = '{"service":"a","level":"info","msg":"good"}';
  expect(await ship(subfolder(), [good, "(node:1) Warning: plain text", '{"msg":"cut', good])).toEqual({ parsed: ["a||info|good|", "a||info|good|"], unread: ["(node:1) Warning: plain text", '{"msg":"cut'] });
});
