// The pods' identity. They never talk to the API server, so no token is mounted.
import { childName } from "#crds/names";
import type { Renderer } from "./context.ts";
import { child } from "./meta.ts";

export const serviceAccount: Renderer = (context) =>
  child(
    context,
    { apiVersion: "v1", kind: "ServiceAccount", name: childName.workload(context.name), component: "cache" },
    { automountServiceAccountToken: false },
  );
