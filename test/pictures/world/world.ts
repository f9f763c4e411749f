// Everything that the pictures show, alive: caches with clients and faults, an operator with resources, and a Prometheus that sees and judges them each second.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { operatorJob, operatorNamespace } from "../../../operator/observability/platform-links.ts";
import { platformGroups } from "../../../operator/observability/platform-rules.ts";
import { startPrometheus, type Prometheus } from "../../support/prometheus.ts";
import { startClients, type Clients } from "./clients.ts";
import { caches, startCache, type RunningCache } from "./fleet.ts";
import { startOperatedCluster, tellOperator } from "./operator.ts";
import { tellStory } from "./story.ts";

export interface World extends AsyncDisposable {
  readonly prometheus: Prometheus;
  /** Seconds since 1970. */
  readonly begun: number;
  /** What goes wrong, and what people change; ends with the last of it. */
  play(): Promise<void>;
  /** What the pods of the first cache wrote. */
  lines(): readonly Readonly<Record<string, unknown>>[];
}

export const startWorld = async (): Promise<World> => {
  await using started = new AsyncDisposableStack();
  // takes every span
  const collector = createServer((request, response) => void request.resume().on("end", () => response.setHeader("content-type", "application/json").end("{}")));
  await new Promise<void>((listening) => collector.listen(0, "127.0.0.1", listening));
  started.defer(() => void collector.closeAllConnections());
  started.defer(() => void collector.close());
  const product = started.adopt(await startOperatedCluster(), (p) => p.stop());
  const running: RunningCache[] = [];
  for (const cache of caches) running.push(started.use(await startCache(cache, `http://127.0.0.1:${(collector.address() as AddressInfo).port}`)));
  const prometheus = started.use(
    await startPrometheus(
      {
        ...Object.fromEntries(running.map(({ cache, targets }) => [`kv-responder-${cache.name}`, targets])),
        [operatorJob]: [{ address: new URL(product.operator.url).host, labels: { namespace: operatorNamespace, pod: "kv-responder-operator-84c9f6d7b5-q2w7x", service: operatorJob } }],
      },
      [...running.map(({ rules }) => rules), ...platformGroups()],
    ),
  );
  const begun = Date.now() / 1_000;
  const clients: readonly Clients[] = running.map((one) => {
    const of = startClients(one);
    started.defer(() => of.stop());
    return of;
  });
  const [first, ofFirst] = [running[0], clients[0]];
  if (!first || !ofFirst) throw new Error("there is no cache");
  const all = started.move();
  return {
    prometheus,
    begun,
    play: async () => void (await Promise.all([tellStory(first, ofFirst), tellOperator(product)])),
    lines: () => first.mesh.pods.flatMap((pod) => pod.lines),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
};
