// The `node` provider: a whole single-node Kubernetes in network, mount, PID, UTS and IPC namespaces of its own. Root only.
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createApi } from "./api.ts";
import { auditPolicy } from "./audit.ts";
import { createComponent, watchCrashes } from "./component.ts";
import { toolImageArchives } from "./images.ts";
import { daemons, nodeComponents, type Daemon } from "./node-components.ts";
import { cniConfig, containerdConfig, corefile, kubeletConfig, network, nodePaths, pauseName, proxyConfig, type NodePaths } from "./node-config.ts";
import { issueIdentities } from "./node-identities.ts";
import { importImages } from "./node-import.ts";
import { enterNamespace, insidePath, type NodeNamespace } from "./node-namespace.ts";
import { startRelay } from "./node-relay.ts";
import { demandNode } from "./node-requirements.ts";
import { targetAddress } from "./node-services.ts";
import { createPki } from "./pki.ts";
import type { Component, NodeOptions, Plane, Provider, ProviderDeps } from "./types.ts";

const helpers = ["containerd-shim-runc-v2", "ctr", "bridge", "loopback", "host-local", "portmap"] as const;
type Programs = Readonly<Record<Daemon | (typeof helpers)[number], string>>;

/** Every program by name in one folder, where containerd looks for its shim and the network plugins. */
const linkPrograms = async ({ bin }: NodePaths, programs: Programs): Promise<void> => {
  await mkdir(bin);
  for (const [name, program] of Object.entries(programs)) await symlink(program, join(bin, name));
};

const run = async (
  { audit = false, images = [], apiServerArgs: apiServerExtra = [] }: NodeOptions,
  { dir, logs, log }: ProviderDeps,
  programs: Programs,
  { inside, pid, cgroup, procsFile }: NodeNamespace,
): Promise<Plane> => {
  const began = performance.now();
  const progress = (what: string) => log(`${what} after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const paths = nodePaths(dir);
  const [pki, relay, pause] = await Promise.all([
    createPki(join(dir, "pki")),
    startRelay({ pid, procsFile, logFile: join(logs, "relay.log") }),
    toolImageArchives([pauseName]),
    mkdir(paths.cniDir),
  ]);
  const identities = await issueIdentities(dir, pki);
  const { kubeconfigs, kubeletServing, admin } = identities;
  const auditFiles = { policyFile: join(dir, "audit-policy.json"), logFile: join(logs, "audit.log") };
  await Promise.all([
    writeFile(paths.containerdConfig, containerdConfig(paths)),
    writeFile(join(paths.cniDir, "10-kvr.conflist"), cniConfig(paths)),
    writeFile(paths.kubeletConfig, kubeletConfig(paths, { caFile: pki.caFile, serving: kubeletServing, cgroup })),
    writeFile(paths.proxyConfig, proxyConfig(kubeconfigs["kube-proxy"])),
    writeFile(paths.corefile, corefile(kubeconfigs.coredns)),
    writeFile(paths.resolvConf, ""),
    writeFile(auditFiles.policyFile, JSON.stringify(auditPolicy)),
  ]);

  const front = await relay.open(network.node, network.apiPort);
  const server = `https://127.0.0.1:${front.port}`;
  const api = await createApi(server, pki.caFile, admin);
  const dnsReadyUrl = (await relay.open(network.node, network.dnsReadyPort)).url;
  const specs = nodeComponents({ paths, programs, pki, identities, api, dnsReadyUrl, apiServerExtra, ...(audit ? { audit: auditFiles } : {}) });
  const env = { PATH: insidePath(paths.bin) };
  const component = Object.fromEntries(daemons.map((name) => [name, createComponent({ ...specs[name], env }, inside, logs)])) as Record<Daemon, Component>;

  const loadImages = (archives: readonly string[]) => importImages(programs.ctr, paths.containerdSocket, archives);
  const runtime = async () => {
    await component.containerd.start();
    // the kubelet gives up for a while when its first pod finds no pause image
    await loadImages(pause);
  };
  const apiServer = async () => {
    await component.etcd.start();
    await component["kube-apiserver"].start();
    progress("API server ready");
  };
  await Promise.all([runtime(), apiServer()]);
  const controllers = ["kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns"] as const;
  await Promise.all([
    ...controllers.map((name) => component[name].start()),
    component.kubelet.start().then(() => progress("node ready")),
    loadImages(images),
  ]);
  progress("cluster ready");

  return {
    server,
    pki,
    components: daemons.map((name) => component[name]),
    ...(audit ? { auditFile: auditFiles.logFile } : {}),
    forward: async (target) => {
      const address = await targetAddress(api, target);
      return relay.open(address.host, address.port);
    },
    loadImages,
    close: async () => {
      await api.close();
      await relay.close();
      await inside.end();
    },
  };
};

export const startNode: Provider<NodeOptions> = async (options, deps) => {
  await demandNode();
  const { dir, logs, reaper, tools, warn } = deps;
  const programs = await tools(...daemons, ...helpers);
  await linkPrograms(nodePaths(dir), programs);
  const namespace = await enterNamespace(dir, logs, reaper);
  return Promise.race([run(options, deps, programs, namespace), watchCrashes(namespace.inside, logs, warn)]);
};
