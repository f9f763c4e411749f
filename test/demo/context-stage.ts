// A cluster that the user has, named by its kubectl context. Nothing is installed there but the product and its example tenants.
import { execFile, spawn } from "node:child_process";
import { connect, createServer, type AddressInfo } from "node:net";
import { promisify } from "node:util";
import { waitFor } from "../cluster/index.ts";
import type { ForwardTarget } from "../cluster/types.ts";
import type { Address, Stage } from "./stage.ts";

const run = promisify(execFile);

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

const accepts = (port: number): Promise<true> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).once("error", reject);
  });

export const contextStage = async (context: string, images: readonly string[], log: (line: string) => void): Promise<Stage> => {
  const kubectl = async (args: readonly string[]) => (await run("kubectl", ["--context", context, ...args], { maxBuffer: 16 << 20 })).stdout;

  const forward = async ({ namespace = "default", port, ...target }: ForwardTarget): Promise<Address> => {
    const what = "pod" in target ? `pod/${target.pod}` : `svc/${target.service}`;
    const local = await freePort();
    const child = spawn("kubectl", ["--context", context, "port-forward", "-n", namespace, what, `${local}:${port}`], { stdio: ["ignore", "ignore", "inherit"] });
    const url = `http://127.0.0.1:${local}`;
    await waitFor(`port-forward to ${namespace}/${what}`, () => accepts(local));
    return { host: "127.0.0.1", port: local, url, close: async () => void child.kill() };
  };

  if (context.startsWith("kind-")) {
    for (const archive of images) await run("kind", ["load", "image-archive", archive, "--name", context.slice("kind-".length)]);
  } else {
    log(`${context} is not a kind cluster: its nodes must have ${images.join(" and ")} already`);
  }

  return {
    server: (await kubectl(["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"])).trim(),
    kubectlHint: `kubectl config use-context ${context}`,
    kubectl,
    forward,
    // whose Prometheus, Alertmanager and Jaeger they are and what they take is the user's business
    monitoring: async () => undefined,
    jaeger: async () => undefined,
    // the tenants stay: it is the user's cluster, and they asked for them
    [Symbol.asyncDispose]: async () => undefined,
  };
};
