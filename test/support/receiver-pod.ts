// Where an Alertmanager in a cluster posts to: a pod that keeps what it is sent, by path, and tells it.
import type { Cluster } from "../cluster/types.ts";
import { nodePod } from "./node-pod.ts";

/** As Alertmanager writes it to a webhook, as far as tests look into it. */
export interface Message {
  readonly status: "firing" | "resolved";
  readonly receiver: string;
  readonly alerts: readonly { readonly status: "firing" | "resolved"; readonly labels: Readonly<Record<string, string>> }[];
}

export interface ReceiverPod {
  /** Messages posted to this path, in the order of their arrival. */
  at(path: string): Promise<readonly Message[]>;
}

const namespace = "receiver";

/** As pods reach it, known before it is there. */
export const receiverUrl = (path: string): string => `http://receiver.${namespace}.svc:8080${path}`;

const script = `
import { createServer } from "node:http";
const kept = {};
createServer(async (request, response) => {
  if (request.method === "GET") return response.end(JSON.stringify(kept));
  let text = "";
  for await (const chunk of request) text += chunk;
  (kept[request.url] ??= []).push(JSON.parse(text));
  response.end();
}).listen(8080);
process.on("SIGTERM", () => process.exit());
`;

/** Resolves when it takes messages. */
export const startReceiverPod = async (cluster: Cluster, image: string): Promise<ReceiverPod> => {
  const labels = { app: "receiver" };
  await cluster.kubectl("create", "namespace", namespace);
  await cluster.apply([
    nodePod({ namespace, name: "receiver", image, labels, port: { name: "http", containerPort: 8080 }, script }),
    { apiVersion: "v1", kind: "Service", metadata: { name: "receiver", namespace }, spec: { selector: labels, ports: [{ port: 8080, targetPort: "http" }] } },
  ]);
  await cluster.kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/receiver", "--timeout=60s", { timeoutMs: 65_000 });
  const { url } = await cluster.forward({ namespace, service: "receiver", port: 8080 });
  return { at: async (path) => ((await (await fetch(url)).json()) as Record<string, Message[]>)[path] ?? [] };
};
