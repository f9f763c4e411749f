// Runs in a network namespace of its own: opens a watch, drops every packet of the server, and prints how long the watch took to notice.
import { execFileSync } from "node:child_process";
import { createClient } from "../../../operator/kube/client.ts";
import { startFakeApi } from "./fake-api.ts";

execFileSync("ip", ["link", "set", "lo", "up"]);
const api = await startFakeApi();
api.handler = (_, response) => void response.writeHead(200).write('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"2"}}}\n');
const client = createClient({ kubeconfig: await api.kubeconfig() });
const events = await client.watch({ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" }, { resourceVersion: "1", timeoutSeconds: 600 });
let cut = 0;
try {
  for await (const event of events) {
    const port = new URL(api.url).port;
    for (const side of ["--sport", "--dport"]) execFileSync("iptables", ["-A", "INPUT", "-i", "lo", "-p", "tcp", side, port, "-j", "DROP"]);
    cut = performance.now();
    process.stderr.write(`cut after ${event.type}\n`);
  }
  process.stdout.write(JSON.stringify({ seconds: (performance.now() - cut) / 1000, kind: "ended" }));
} catch (error) {
  const { kind, reason } = error as { kind?: string; reason?: string };
  process.stdout.write(JSON.stringify({ seconds: (performance.now() - cut) / 1000, kind, reason }));
}
await client.close();
await api[Symbol.asyncDispose]();
