// Where clients and Prometheus find the cache.
import { portName, servicePort } from "#contract/http";
import { childName } from "#crds/names";
import type { Renderer } from "./context.ts";
import { child, podSelector } from "./meta.ts";

export const service: Renderer = (context) => {
  const { protocols: { resp }, service: { annotations = {} } = {} } = context.spec;
  return child(
    context,
    { apiVersion: "v1", kind: "Service", name: childName.workload(context.name), component: "cache", ...(Object.keys(annotations).length > 0 && { annotations }) },
    {
      spec: {
        type: "ClusterIP",
        selector: podSelector(context),
        ports: [
          // the protocol is part of a port's identity in server-side apply, so it is always written out
          { name: portName.http, port: servicePort.http, targetPort: portName.http, protocol: "TCP", appProtocol: "http" },
          ...(resp.enabled ? [{ name: portName.resp, port: resp.port, targetPort: portName.resp, protocol: "TCP", appProtocol: "redis" }] : []),
          { name: portName.metrics, port: servicePort.metrics, targetPort: portName.metrics, protocol: "TCP", appProtocol: "http" },
        ],
      },
    },
  );
};
