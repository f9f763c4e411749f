// Connections and credentials: the only use of @kubernetes/client-node, for what it does well (kubeconfig, exec and OIDC credentials, the pod's token).
//
// client-node itself opens a TLS connection for every call. Here two pools of undici serve all calls: one bounded, for requests; one for watches, each of
// which holds its connection. HTTP/1.1 on purpose: a frozen watch stalls nobody else, and the kernel's keep-alive probes notice when its peer is gone
// (undici pings an HTTP/2 session but draws no conclusion from silence).
import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { dirname, resolve } from "node:path";
import { KubeConfig, type User } from "@kubernetes/client-node";
import { Agent, ProxyAgent, type Dispatcher } from "undici";
import { parse } from "yaml";

export interface ConnectionOptions {
  /** Path of a kubeconfig; otherwise $KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount, in this order. */
  readonly kubeconfig?: string | undefined;
  /** Name of a context in it; otherwise its current one. */
  readonly context?: string | undefined;
  /** Connections for requests at most. */
  readonly connections: number;
}

export interface Access {
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Connection {
  /** "https://10.96.0.1:443", without a path. */
  readonly origin: string;
  /** Path that goes before every API path; "" as a rule. */
  readonly prefix: string;
  /** Credentials are read anew for each call (a token file is re-read each minute), and a changed certificate builds new pools. */
  access(use: "request" | "watch"): Promise<Access>;
  close(): Promise<void>;
}

/** Linux probes an idle connection after this long and, with Node's fixed 10 probes 1 s apart, declares it dead 10 s later. */
const keepAliveDelayMs = 15_000;
/** Below the API server's own 90 s, so that it never closes a connection under a request. */
const idleMs = 60_000;

type Tls = Pick<RequestOptions, "ca" | "cert" | "key" | "pfx" | "passphrase" | "rejectUnauthorized" | "servername">;

/** Where its context puts a person who names no namespace. */
export const contextNamespace = ({ kubeconfig, context }: Pick<ConnectionOptions, "kubeconfig" | "context">): string => {
  const config = loadConfig(kubeconfig, context);
  return config.getContextObject(config.getCurrentContext())?.namespace ?? "default";
};

export const openConnection = ({ kubeconfig, context, connections }: ConnectionOptions): Connection => {
  const config = loadConfig(kubeconfig, context);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error("the kubeconfig has no current context with a cluster: set current-context");
  const url = new URL(cluster.server);
  if (url.protocol !== "https:" && cluster.skipTLSVerify !== true) {
    throw new Error(`no kubeconfig was found, or its server ${cluster.server} is not https: pass --kubeconfig, set KUBECONFIG, or run in a pod`);
  }
  if (cluster.proxyUrl?.startsWith("socks")) throw new Error("proxy-url with a SOCKS proxy is not supported: use an HTTP proxy");

  let tls: Tls = {};
  let pools: { request: Dispatcher; watch: Dispatcher } | undefined;
  const retired = new Set<Dispatcher>();

  const build = (): { request: Dispatcher; watch: Dispatcher } => {
    const connect = { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs } as const;
    const make = (options: { connections: number | null; keepAliveTimeout: number }): Dispatcher => {
      const common = { ...options, keepAliveMaxTimeout: options.keepAliveTimeout, allowH2: false };
      return cluster.proxyUrl ? new ProxyAgent({ ...common, uri: cluster.proxyUrl, requestTls: connect }) : new Agent({ ...common, connect });
    };
    return { request: make({ connections, keepAliveTimeout: idleMs }), watch: make({ connections: null, keepAliveTimeout: 1_000 }) };
  };

  const poolsFor = (now: Tls): { request: Dispatcher; watch: Dispatcher } => {
    if (pools && sameTls(tls, now)) return pools;
    if (pools) for (const pool of [pools.request, pools.watch]) retire(pool);
    tls = now;
    return (pools = build());
  };

  /** What is under way may end on the old connections. */
  const retire = (pool: Dispatcher): void => {
    retired.add(pool);
    void pool.close().catch(() => {}).finally(() => retired.delete(pool));
  };

  return {
    origin: url.origin,
    prefix: url.pathname.replace(/\/$/, ""),
    async access(use) {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername, auth } = options;
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value).trim();
      if (auth) headers["authorization"] = `Basic ${Buffer.from(auth).toString("base64")}`;
      const now = Object.fromEntries(Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }).filter(([, v]) => v !== undefined)) as Tls;
      return { dispatcher: poolsFor(now)[use], headers };
    },
    async close() {
      const all = [...retired, ...(pools ? [pools.request, pools.watch] : [])];
      await Promise.all(all.map((pool) => pool.destroy()));
    },
  };
};

const choose = (config: KubeConfig, context: string | undefined): KubeConfig => {
  if (context === undefined) return config;
  if (!config.getContextObject(context)) throw new Error(`the kubeconfig has no context ${JSON.stringify(context)}; it has ${config.getContexts().map(({ name }) => name).join(", ") || "none"}`);
  config.setCurrentContext(context);
  return config;
};

const loadConfig = (path: string | undefined, context: string | undefined): KubeConfig => {
  const config = new KubeConfig();
  if (path === undefined) {
    config.loadFromDefault();
    return choose(config, context);
  }
  const text = readFileSync(path, "utf8");
  config.loadFromString(text);
  config.makePathsAbsolute(dirname(path));
  choose(config, context);
  const user = config.getCurrentUser();
  if (user) honourTokenFile(user, text, path);
  return config;
};

interface RawConfig {
  users?: { name?: string; user?: { tokenFile?: string } }[];
}

/** client-node 2.0.1 overlooks `tokenFile` of a kubeconfig's user; its own provider for the pod's token does the same thing. */
const honourTokenFile = (user: User, text: string, path: string): void => {
  const raw = parse(text) as RawConfig;
  const tokenFile = raw.users?.find((u) => u.name === user.name)?.user?.tokenFile;
  if (tokenFile === undefined) return;
  Object.assign(user, { authProvider: { name: "tokenFile", config: { tokenFile: resolve(dirname(path), tokenFile) } } });
};

const bytes = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString("latin1") : Array.isArray(value) ? value.map(bytes).join("\n") : String(value));

const sameTls = (a: Tls, b: Tls): boolean => {
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(x);
  return keys.length === Object.keys(y).length && keys.every((k) => x[k] === y[k] || bytes(x[k]) === bytes(y[k]));
};
