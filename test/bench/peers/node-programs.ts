// Starts the peers that are Node programs.
import { resolve } from "node:path";
import { follow, launch, type Side } from "../harness/process.ts";
import type { Target } from "../harness/rounds.ts";

export interface HttpTarget extends Target {
  readonly port: number;
  /** What stands before the key in the path. */
  readonly prefix: string;
  /** What it wants in Authorization. Absent: nothing. */
  readonly token?: string;
}

export interface NodeTarget extends HttpTarget {
  /** Resolves with the next line of this msg on its standard output. */
  says(msg: string): Promise<Record<string, unknown>>;
}

/** For what looks inside. */
export interface Watched {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

interface Settings extends Watched {
  readonly args?: readonly string[];
  readonly side?: Side;
}

const start = async (name: string, file: string, { args = [], env = {}, nodeArgs = [], side = "server" }: Settings = {}): Promise<NodeTarget> => {
  const running = launch({ side, command: process.execPath, args: [...nodeArgs, resolve(import.meta.dirname, file), ...args], env: { NODE_ENV: "production", ...env } });
  const says = follow(running);
  const { http } = (await says("serving")) as { http: { port: number } };
  return { name, pids: [running.pid], port: http.port, prefix: "/v1/kv/", says, stop: running.stop };
};

export const startNodeHttp = (name = "bare node:http"): Promise<HttpTarget> => start(name, "node-http.child.ts");
export const startHono = (): Promise<HttpTarget> => start("bare hono", "hono.child.ts");

/** A program that sends its spans to a sink of its own on the load's core. It is not what it says when none arrive. */
const startTraced = async (startWith: (endpoint: string) => Promise<NodeTarget>): Promise<NodeTarget> => {
  const sink = await start("OTLP sink", "otlp-sink.child.ts", { side: "load" });
  const endpoint = `http://127.0.0.1:${sink.port}`;
  const target = await startWith(endpoint);
  return {
    ...target,
    verify: async () => {
      const received = Number(await (await fetch(`${endpoint}/bytes`)).text());
      if (!(received > 0)) throw new Error(`${target.name} exported no span; its instrumentation does not work`);
    },
    stop: async () => {
      await target.stop();
      await sink.stop();
    },
  };
};

/** Parts of the responder's telemetry. Logs and traces are taken down by what also counts, so each comes on top of the metrics. */
export type Telemetry = "nothing" | "metrics" | "metrics+logs" | "metrics+traces" | "all";

/** The responder's own HTTP server with these parts. */
export const startComposition = (telemetry: Telemetry, name: string = telemetry, watched: Watched = {}): Promise<NodeTarget> => {
  const startWith = (endpoint?: string) => start(name, "http-composition.child.ts", { ...watched, args: [telemetry, ...(endpoint ? [endpoint] : [])] });
  return telemetry === "all" || telemetry === "metrics+traces" ? startTraced(startWith) : startWith();
};

/** Its log goes to standard output, or to this file. */
export const startTextbook = (ratio: number, logFile?: string): Promise<HttpTarget> =>
  startTraced((endpoint) =>
    start(`textbook stack, ${ratio * 100} % traced`, "textbook.child.ts", {
      args: logFile ? [logFile] : [],
      env: {
        OTEL_SERVICE_NAME: "textbook",
        OTEL_TRACES_EXPORTER: "otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: String(ratio),
      },
    }),
  );
