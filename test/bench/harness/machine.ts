// Describes the machine and the programs that were compared, without names or paths.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { pinned, root } from "./process.ts";

const packages = ["hono", "@hono/node-server", "prom-client", "pino", "@opentelemetry/instrumentation-http", "lru-cache"];
const programs: readonly (readonly [name: string, args: readonly string[], pattern: RegExp])[] = [
  ["redis-server", ["--version"], /v=(\S+)/],
  ["memcached", ["--version"], /memcached (\S+)/],
  // its only way to tell is Debian's: it starts to serve whatever the argument
  ["dpkg-query", ["-W", "-f", "webdis ${Version}", "webdis"], /webdis (\S+)/],
  ["wrk", ["-v"], /wrk \S*?([\d.]+)/],
];

const versionOf = (program: string, args: readonly string[], pattern: RegExp): string => {
  try {
    return pattern.exec(execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }))?.[1] ?? "unknown";
  } catch (err) {
    // wrk tells its version and then fails for want of an address
    return pattern.exec(String((err as { stdout?: string }).stdout ?? ""))?.[1] ?? "absent";
  }
};

const packageVersion = (name: string): string => (JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as { version: string }).version;

/** One sentence. */
export const describeMachine = (): string => {
  const hardware = `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? "an unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const kernel = `Linux ${/^\d+\.\d+/.exec(release())?.[0] ?? release()}`;
  const peers = programs.map(([name, args, pattern]) => `${name === "dpkg-query" ? "webdis" : name} ${versionOf(name, args, pattern)}`);
  const places = pinned ? "server and load on cores of their own" : "server and load on the same core";
  return `${hardware}; ${kernel}; ${places}; Node ${process.versions.node}; ${[...peers, ...packages.map((name) => `${name} ${packageVersion(name)}`)].join(", ")}.`;
};
