// The whole node: hardened pods, Services, DNS, logs, exec, port-forward, restarts; and nothing left of it, however it ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeLayer } from "../../build/node-runtime.ts";
import { buildImage, layer, writeArchive } from "../../build/oci.ts";
import { file } from "../../build/tar.ts";
import { startCluster, type Cluster } from "./index.ts";
import { createKubectl } from "./kubectl.ts";
import { leftovers, machine, networkNamespaces } from "./node-leftovers.ts";
import { waitFor } from "./wait.ts";

const image = "localhost/kvr/node-test:1";

const app = `
import { createServer } from "node:http";
import { hostname } from "node:os";
createServer((request, response) => {
  console.log(JSON.stringify({ url: request.url }));
  response.end(hostname());
}).listen(8080, () => console.log(JSON.stringify({ msg: "listening", uid: process.getuid() })));
process.on("SIGTERM", () => process.exit(0));
`;

const labels = { app: "web" };
const container = {
  name: "main",
  image,
  imagePullPolicy: "Never",
  ports: [{ name: "http", containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
  resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
};
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 2,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        containers: [container],
      },
    },
  },
};
const service = (name: string, spec: object) => ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }], ...spec } });
const manifests = [deployment, service("web", {}), service("peers", { clusterIP: "None", publishNotReadyAddresses: true })];

let cluster: Cluster;
let scratch: string;
const before = machine();
const began = performance.now();
const took = (what: string) => console.log(`${what} ${((performance.now() - began) / 1000).toFixed(1)} s after the start`);

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "kvr-image-"));
  const archive = join(scratch, "app.tar");
  await writeArchive(buildImage({ name: image, layers: [nodeLayer(), layer([file("app/main.mjs", app)])], entrypoint: ["/bin/node", "/app/main.mjs"] }), archive);
  cluster = await startCluster({ kind: "node", audit: true, log: (line) => console.log(line) });
  await cluster.loadImages([archive]);
  took("images loaded");
  await cluster.apply(manifests);
  await cluster.kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  took("3 pods ready");
});

afterAll(async () => {
  await cluster?.stop();
  await rm(scratch, { recursive: true, force: true });
});

const podNames = async (): Promise<readonly string[]> => {
  const pods = await cluster.pods({ selector: "app=web" });
  return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined).map((pod) => pod.metadata.name);
};

const inPod = async (script: string): Promise<unknown> => {
  const [pod = ""] = await podNames();
  return JSON.parse(await cluster.kubectl("exec", pod, "--", "/bin/node", "-e", script));
};

test("hardened pods answer through their Service, from outside", async () => {
  await using forward = await cluster.forward({ service: "web", port: "http" });
  const names = await podNames();
  expect(names).toHaveLength(3);
  // each connection goes to a pod of kube-proxy's choice, which follows readiness within moments
  const answer = async () => (await fetch(forward.url, { headers: { connection: "close" } })).text();
  await cluster.waitFor("all three to answer", async () => {
    const answers = new Set(await Promise.all(Array.from({ length: 30 }, answer)));
    return JSON.stringify([...answers].sort()) === JSON.stringify([...names].sort());
  });
  await forward.close();
  await expect(fetch(forward.url)).rejects.toThrow();
});

test("a Service or port that is not there is named", async () => {
  await expect(cluster.forward({ service: "nope", port: 80 })).rejects.toThrow("no Service default/nope");
  await expect(cluster.forward({ service: "web", port: "grpc" })).rejects.toThrow("no port grpc: choose from http");
  await expect(cluster.forward({ service: "peers", port: 80 })).rejects.toThrow("has no cluster IP");
});

test("the root is read-only, the user has no name to lose and no capability", async () => {
  const seen = await inPod(`
    let write; try { require("fs").writeFileSync("/x", ""); } catch (e) { write = e.code; }
    const status = require("fs").readFileSync("/proc/self/status", "utf8");
    console.log(JSON.stringify({ write, uid: process.getuid(), caps: /CapEff:\\s*(\\w+)/.exec(status)[1], seccomp: /Seccomp:\\s*(\\d)/.exec(status)[1] }));`);
  expect(seen).toEqual({ write: "EROFS", uid: 65532, caps: "0000000000000000", seccomp: "2" });
});

test("DNS gives the headless Service's pods, by glibc and by query, and follows a killed pod", async () => {
  const resolve4 = () => inPod(`require("dns").promises.resolve4("peers.default.svc.cluster.local").then((r) => console.log(JSON.stringify(r.sort())))`);
  const addresses = async () => (await cluster.pods({ selector: "app=web" })).map((pod) => pod.status.podIP).sort();
  expect(await resolve4()).toEqual(await addresses());
  const looked = await inPod(`require("dns").promises.lookup("peers", { all: true }).then((r) => console.log(JSON.stringify(r.map((a) => a.address).sort())))`);
  expect(looked).toEqual(await addresses());

  const [victim = ""] = await podNames();
  await cluster.killPod(victim);
  await cluster.kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  await cluster.waitFor("DNS to follow", async () => {
    const [seen, wanted] = await Promise.all([resolve4(), addresses()]);
    return wanted.length === 3 && JSON.stringify(seen) === JSON.stringify(wanted);
  });
});

test("a pod reaches itself and its siblings through the Service's name", async () => {
  const answers = await inPod(`Promise.all(Array.from({ length: 12 }, () => fetch("http://web", { headers: { connection: "close" } }).then((r) => r.text()))).then((all) => console.log(JSON.stringify([...new Set(all)])))`);
  expect((answers as string[]).length).toBeGreaterThan(1);
});

test("kubectl shows logs and forwards ports from outside", async () => {
  const [pod = ""] = await podNames();
  expect(await cluster.kubectl("logs", pod, "--limit-bytes=200")).toContain(`{"msg":"listening","uid":65532}`);
  const forward = spawn(cluster.kubectlPath, ["port-forward", "service/web", ":80", "--address=127.0.0.1"], { env: { ...process.env, KUBECONFIG: cluster.kubeconfig, KUBECACHEDIR: `${cluster.dir}/kubectl-cache` }, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(createInterface({ input: forward.stdout }), "line")) as [string];
    const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    expect(await podNames()).toContain(await (await fetch(`http://127.0.0.1:${port}`)).text());
  } finally {
    forward.kill("SIGKILL");
    await once(forward, "exit");
  }
});

test("the API server stops and starts again; pods go on meanwhile", async () => {
  await using forward = await cluster.forward({ service: "web", port: 80 });
  await cluster.component("kube-apiserver").stop();
  await expect(cluster.request("GET", "/readyz")).rejects.toThrow();
  expect((await fetch(forward.url)).status).toBe(200);
  await cluster.component("kube-apiserver").start();
  expect((await cluster.request("GET", "/readyz")).status).toBe(200);
});

test("the audit log tells who did what", async () => {
  const entries = await cluster.auditLog();
  expect(entries.some((e) => e.user.username === "admin" && e.verb === "patch" && e.objectRef?.resource === "deployments" && e.objectRef.name === "web")).toBe(true);
  expect(entries.some((e) => e.user.username === "system:node:node1")).toBe(true);
});

test("a second cluster whose harness is killed leaves nothing, and this one alone", async () => {
  const doomed = spawn(process.execPath, [fileURLToPath(new URL("./doomed-harness.ts", import.meta.url)), "node"], { stdio: ["ignore", "pipe", "inherit"] });
  const [dir] = (await once(createInterface({ input: doomed.stdout }), "line")) as [string];
  const kubectl = createKubectl({ program: cluster.kubectlPath, kubeconfig: join(dir, "admin.conf"), dir });
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "held" }, spec: { containers: [{ name: "main", image: "localhost/kvr/pause:1", imagePullPolicy: "Never" }] } };
  await kubectl(["apply", "-f", "-"], { input: JSON.stringify(pod) });
  await kubectl(["wait", "--for=condition=Ready", "pod/held", "--timeout=30s"]);

  const namespaces = networkNamespaces(basename(dir));
  // the node's and the pod's, or the search below proves nothing
  expect(namespaces.length).toBeGreaterThanOrEqual(2);
  const there = await leftovers(dir, namespaces);
  for (const kind of ["process", "a mount", "a network namespace", "cgroup", "directory"]) expect(there.some((line) => line.startsWith(kind)), kind).toBe(true);

  doomed.kill("SIGKILL");
  await waitFor("nothing to be left", async () => {
    const left = await leftovers(dir, namespaces);
    if (left.length > 0) throw new Error(left.join("\n"));
    return true;
  });
  expect(await cluster.kubectl("get", "nodes", "-o", "name")).toBe("node/node1\n");
});

test("ended in order it leaves nothing either, and never changed the machine", async () => {
  expect(machine()).toEqual(before);
  const { dir } = cluster;
  const namespaces = networkNamespaces(basename(dir));
  await cluster.stop();
  expect(await leftovers(dir, namespaces)).toEqual([]);
  expect(machine()).toEqual(before);
});
