// The headless Service whose DNS records are the list of pods, ready or not, so that peers find each other while they warm up.
import { port, portName } from "#contract/http";
import { childName } from "#crds/names";
import type { Renderer } from "./context.ts";
import { child, podSelector } from "./meta.ts";

export const peersService: Renderer = (context) => {
  if (context.spec.replication.mode === "None") return undefined;
  return child(
    context,
    // its own component: the ServiceMonitor must not select it, or every pod would be scraped twice
    { apiVersion: "v1", kind: "Service", name: childName.peers(context.name), component: "peers" },
    {
      spec: {
        type: "ClusterIP",
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: podSelector(context),
        // said to be plain TCP: a service mesh that guesses waits for the first bytes of the side that has nothing to say yet
        ports: [{ name: portName.peers, port: port.peers, targetPort: portName.peers, protocol: "TCP", appProtocol: "tcp" }],
      },
    },
  );
};
