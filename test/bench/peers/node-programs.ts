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

interface Settings {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly side?: Side;
}

const start = async (name: string, file: string, { args = [], env = {}, side = "server" }: Settings = {}): Promise<HttpTarget> => {
  const running = launch({ side, command: process.execPath, args: [resolve(import.meta.dirname, file), ...args], env: { NODE_ENV: "production", ...env } });
  const { http } = (await follow(running)("serving")) as { http: { port: number } };
  return { name, pids: [running.pid], port: http.port, prefix: "/v1/kv/", stop: running.stop };
};

export const startNodeHttp = (name = "bare node:http"): Promise<HttpTarget> => start(name, "node-http.child.ts");
export const startHono = (): Promise<HttpTarget> => start("bare hono", "hono.child.ts");

/** The responder's own HTTP server, with its telemetry or without. */
export const startComposition = (telemetry: "with" | "without", name = `${telemetry} telemetry`): Promise<HttpTarget> => start(name, "http-composition.child.ts", { args: [telemetry] });

/** With a sink of its own on the load's core. Its `stop` fails when no span arrived: then it was not the textbook stack. */
export const startTextbook = async (ratio: number): Promise<HttpTarget> => {
  const sink = await start("OTLP sink", "otlp-sink.child.ts", { side: "load" });
  const target = await start(`textbook stack, ${ratio * 100} % traced`, "textbook.child.ts", {
    env: {
      OTEL_SERVICE_NAME: "textbook",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.port}`,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: String(ratio),
    },
  });
  return {
    ...target,
    stop: async () => {
      const received = Number(await (await fetch(`http://127.0.0.1:${sink.port}/bytes`)).text());
      await target.stop();
      await sink.stop();
      if (!(received > 0)) throw new Error("the textbook stack exported no span; its instrumentation does not work");
    },
  };
};
