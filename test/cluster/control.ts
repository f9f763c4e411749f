// The `control` provider: a real control plane on loopback, without nodes, for any user, several at once.
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { createApi } from "./api.ts";
import { auditPolicy } from "./audit.ts";
import { createComponent } from "./component.ts";
import { apiServerArgs, controllerManagerArgs, etcdArgs, schedulerArgs } from "./control-plane.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { createPki } from "./pki.ts";
import { reservePort } from "./ports.ts";
import type { ControlOptions, Provider } from "./types.ts";

const socketAccepts = async (path: string): Promise<boolean> => {
  const socket = connect(path);
  await once(socket, "connect");
  socket.destroy();
  return true;
};

export const startControl: Provider<ControlOptions> = async ({ audit = false, apiServerArgs: extra = [] }, { dir, logs, reaper, tools, log }) => {
  const started = performance.now();
  const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const bin = await tools("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler");
  const paths = { data: join(dir, "etcd"), socket: join(dir, "etcd.sock"), peerSocket: join(dir, "peer.sock") };

  const etcd = createComponent({ name: "etcd", argv: [bin.etcd, ...etcdArgs(paths)], serves: () => socketAccepts(paths.socket) }, reaper, logs);
  const [pki, { port }] = await Promise.all([createPki(join(dir, "pki")), reservePort(), etcd.start()]);
  const server = `https://127.0.0.1:${port}`;
  const serving = await pki.issue({ name: "apiserver", commonName: "kube-apiserver", dns: ["localhost", "kubernetes.default.svc"], ips: ["127.0.0.1", "10.96.0.1"] });
  const admin = await pki.issue({ name: "admin", commonName: "admin", organizations: ["system:masters"] });
  const identity = async (name: string) => writeKubeconfig(join(dir, `${name}.conf`), server, pki.caFile, await pki.issue({ name, commonName: `system:${name}` }));

  const auditFiles = { policyFile: join(dir, "audit-policy.json"), logFile: join(logs, "audit.log") };
  if (audit) await writeFile(auditFiles.policyFile, JSON.stringify(auditPolicy));
  const api = await createApi(server, pki.caFile, admin);
  const apiServer = createComponent(
    {
      name: "kube-apiserver",
      argv: [
        bin["kube-apiserver"],
        ...apiServerArgs({ etcdSocket: paths.socket, pki, serving, bindAddress: "127.0.0.1", port, ...(audit ? { audit: auditFiles } : {}) }),
        // endpoints of the kubernetes Service may not be loopback, and nobody here would use them
        "--endpoint-reconciler-type=none",
        "--advertise-address=192.0.2.1",
        ...extra,
      ],
      serves: async () => (await api.request("GET", "/readyz")).status === 200,
    },
    reaper,
    logs,
  );
  await apiServer.start();
  log(`API server ready after ${elapsed()}`);

  const controllers = createComponent(
    {
      name: "kube-controller-manager",
      argv: [
        bin["kube-controller-manager"],
        // no kubelet reports here, and its absence must not drain the fake one
        ...controllerManagerArgs({ kubeconfig: await identity("kube-controller-manager"), pki, without: ["node-lifecycle-controller"] }),
      ],
      // no pod is admitted before its namespace has this one
      serves: async () => (await api.get("/api/v1/namespaces/default/serviceaccounts/default")) !== undefined,
    },
    reaper,
    logs,
  );
  const scheduler = createComponent({ name: "kube-scheduler", argv: [bin["kube-scheduler"], ...schedulerArgs(await identity("kube-scheduler"))] }, reaper, logs);
  await Promise.all([controllers.start(), scheduler.start()]);
  log(`controllers at work after ${elapsed()}`);

  return {
    server,
    pki,
    components: [etcd, apiServer, controllers, scheduler],
    close: () => api.close(),
    ...(audit ? { auditFile: auditFiles.logFile } : {}),
    forward: async () => {
      throw new Error("nothing to forward to: pods do not run in a control cluster; start one of kind node");
    },
    loadImages: async () => {
      throw new Error("nothing would run them: pods do not run in a control cluster; start one of kind node");
    },
  };
};
