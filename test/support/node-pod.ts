// A pod that runs a few lines of JavaScript, for what a cluster has to hold beside the product: its image is the responder's, of which only Node is used.
import type { Manifest } from "../cluster/types.ts";

export interface NodePod {
  readonly namespace: string;
  readonly name: string;
  /** One that has /bin/node. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: { readonly name: string; readonly containerPort: number };
  /** A module, whole. */
  readonly script: string;
}

export const nodePod = ({ namespace, name, image, labels, port, script }: NodePod): Manifest => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels },
  spec: {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "node",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["/bin/node", "--input-type=module", "-e", script],
        ports: [port],
        readinessProbe: { tcpSocket: { port: port.name }, periodSeconds: 1 },
        resources: { requests: { cpu: "20m", memory: "48Mi" }, limits: { memory: "128Mi" } },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
      },
    ],
  },
});
