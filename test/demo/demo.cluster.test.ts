// `make demo ARGS=--once`, and the demo interrupted half-way: both leave nothing.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { expect, test, vi } from "vitest";

const clusterDirs = () => readdirSync(tmpdir()).filter((n) => n.startsWith("kvr-node-"));

const start = (...args: string[]): { child: ChildProcess; output: () => string } => {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, "demo.ts"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text };
};

/** Processes whose command line names one of the directories. */
const survivors = (dirs: readonly string[]): string[] =>
  readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cmdline`))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((command) => dirs.some((d) => command.includes(d)));

test("once: checks both tenants, their replication, their monitoring, an alert and a trace, prints where everything is, and leaves nothing", async () => {
  const before = clusterDirs();
  const { child, output } = start("--once");
  const made = await vi.waitFor(() => {
    const dirs = clusterDirs().filter((d) => !before.includes(d));
    expect(dirs).toHaveLength(1);
    return dirs;
  }, { timeout: 60_000 });
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code, output()).toBe(0);
  expect(output()).toMatch(/checkout\s+checkout\s+3\/3\s+AllReady/);
  expect(output()).toMatch(/search\s+search-team\s+2\/2\s+AllReady/);
  expect(output()).toMatch(/replication: 200 entries written at \S+, read at \S+ and \S+: 0 misses/);
  const [, gone, next, reads] = /replication: (\S+) deleted, (\S+) in its place with all 200; (\d+) reads at the others meanwhile: 0 misses/.exec(output()) ?? [];
  expect(next).not.toBe(gone);
  expect(Number(reads)).toBeGreaterThan(10);
  const [, traceId = "none"] = /telemetry: trace ([0-9a-f]{32}) leads from the write to its application at 2 peers/.exec(output()) ?? [];
  expect(output()).toMatch(new RegExp(`^\\{.*"trace_id":"${traceId}".*\\}$`, "m"));
  expect(output()).toMatch(new RegExp(`/api/traces/${traceId} .*\nPUT /v1/kv/\\{key\\} \\(server\\) at \\S+, .* ms, tenant.id=checkout(\n  replicate .*\n    apply .*){2}`));
  expect(output()).toMatch(/^kv_http_requests_total\{.*\} [1-9]/m);
  expect(output()).toMatch(/monitoring: default\/checkout: 3 targets up as tenant="checkout", \d+ recording rules and \d{2} alerting rules evaluated without an error/);
  expect(output()).toMatch(/monitoring: default\/search: 2 targets up as tenant="search-team", \d+ recording rules and \d{2} alerting rules evaluated without an error/);
  expect(output()).toMatch(/FIRING in Prometheus and Alertmanager; of nobody else[^]*alert: the operator is back, and so are 2 pods: KVResponderDown of search RESOLVED in both/);
  expect(output()).toMatch(/^\{"alertname":"KVResponderDown",.*"kvresponder":"search","namespace":"default".*"severity":"critical".*"tenant":"search-team"\}$/m);
  for (const line of ["API server", "default/checkout", "default/search", "Prometheus  ", "Alertmanager  ", "Jaeger", "export KUBECONFIG=", "redis://127.0.0.1:", "REDISCLI_AUTH=$TOKEN redis-cli -u redis://127.0.0.1:", "Bearer $TOKEN"]) expect(output()).toContain(line);
  expect(clusterDirs().filter((d) => made.includes(d))).toEqual([]);
  expect(survivors(made)).toEqual([]);
}, 480_000);

test("Ctrl-C half-way leaves nothing", async () => {
  const before = clusterDirs();
  const { child, output } = start();
  await vi.waitFor(() => expect(output()).toContain("API server ready"), { timeout: 60_000, interval: 100 });
  const made = clusterDirs().filter((d) => !before.includes(d));
  child.kill("SIGINT");
  await once(child, "exit");
  await vi.waitFor(() => expect([...survivors(made), ...clusterDirs().filter((d) => made.includes(d))]).toEqual([]), { timeout: 20_000 });
}, 120_000);
