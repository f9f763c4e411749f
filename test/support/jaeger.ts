// A real Jaeger on free loopback ports: takes spans over OTLP/HTTP, keeps the last thousand traces in memory, answers queries.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { guarded } from "../cluster/guard.ts";
import { reservePort } from "../cluster/ports.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import { waitFor } from "../cluster/wait.ts";
import { findTraces, traceOf, type Trace, type TraceQuery } from "./traces.ts";

export interface Jaeger extends AsyncDisposable {
  /** Base URL: spans go to `<otlpUrl>/v1/traces`. */
  readonly otlpUrl: string;
  readonly queryUrl: string;
  /** undefined while no span of it has arrived. */
  trace(id: string): Promise<Trace | undefined>;
  traces(query: TraceQuery): Promise<readonly Trace[]>;
}

const maxTraces = 1_000;

/** Listeners that nobody here speaks to: wherever the system puts them. */
const unused = [
  "collector.grpc-server.host-port",
  "collector.http-server.host-port",
  "collector.otlp.grpc.host-port",
  "query.grpc-server.host-port",
  "http-server.host-port",
  "processor.zipkin-compact.server-host-port",
  "processor.jaeger-compact.server-host-port",
  "processor.jaeger-binary.server-host-port",
];

/** Resolves when it takes spans and answers queries. */
export const startJaeger = async (): Promise<Jaeger> => {
  const { jaeger } = await resolveTools(["jaeger"]);
  const [otlp, query, admin] = await Promise.all([reservePort(), reservePort(), reservePort()]);
  const release = () => [otlp, query, admin].forEach((each) => each.release());
  const at = ({ port }: { readonly port: number }) => `127.0.0.1:${port}`;
  const listeners = { "collector.otlp.http.host-port": at(otlp), "query.http-server.host-port": at(query), "admin.http.host-port": at(admin) };
  const settings = { ...listeners, ...Object.fromEntries(unused.map((name) => [name, "127.0.0.1:0"])), "memory.max-traces": String(maxTraces), "query.enable-tracing": "false", "log-level": "error" };
  const [program = "", ...args] = guarded([jaeger, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)]);
  const child = spawn(program, args, { env: {}, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
  const ended = once(child, "close").then(release);
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  const queryUrl = `http://${at(query)}`;
  try {
    const serves = await waitFor(
      "Jaeger to serve",
      async () => (child.exitCode === null ? (await fetch(`http://${at(admin)}/`)).ok && (await fetch(`${queryUrl}/api/services`)).ok : new Error(`Jaeger ended: ${errors}`)),
      { intervalMs: 50 },
    );
    if (serves !== true) throw serves;
  } catch (cause) {
    await stop();
    throw cause;
  }
  return {
    otlpUrl: `http://${at(otlp)}`,
    queryUrl,
    trace: (id) => traceOf(queryUrl, id),
    traces: (of) => findTraces(queryUrl, of),
    [Symbol.asyncDispose]: stop,
  };
};
