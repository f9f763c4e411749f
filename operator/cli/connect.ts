// The cluster as kvr reaches it. Loaded for `kvr status` alone: `kvr render` needs none of it.
import { version } from "#lib/version";
import { createClient } from "../kube/client.ts";
import { contextNamespace } from "../kube/connection.ts";
import type { Connected, ConnectOptions } from "./usage.ts";

/** Throws an Error that says what to do. */
export const connect = (options: ConnectOptions): Connected => ({
  client: createClient({ ...options, userAgent: `kvr/${version}`, connections: 4, timeoutMs: 15_000 }),
  namespace: contextNamespace(options),
});
