// A server that answers as an API server would not on demand: by a handler, over TLS, counting connections.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { createPki, type Pki } from "../../cluster/pki.ts";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The common name in the client's certificate, when it showed one. */
  readonly client: string | undefined;
}

export type Handler = (seen: Seen, response: ServerResponse) => void;

export interface FakeApi extends AsyncDisposable {
  readonly dir: string;
  readonly pki: Pki;
  readonly server: Server;
  readonly url: string;
  readonly seen: Seen[];
  /** Connections accepted so far, and open now. */
  readonly connections: { accepted: number; readonly open: Set<Socket> };
  handler: Handler;
  /** Writes a kubeconfig whose user is as given and returns its path. */
  kubeconfig(user?: object, cluster?: object): Promise<string>;
}

export const answer = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
};

/** Making keys is most of the work: pass another server's `pki` to share them. */
export const startFakeApi = async (shared?: Pki): Promise<FakeApi> => {
  const dir = await mkdtemp(join(tmpdir(), "kvr-fake-api-"));
  const pki = shared ?? (await createPki(join(dir, "pki")));
  const { certFile, keyFile } = await pki.issue({ name: "server", commonName: "server", ips: ["127.0.0.1"], dns: ["localhost"] });
  const server = createServer({
    cert: await readFile(certFile),
    key: await readFile(keyFile),
    ca: await readFile(pki.caFile),
    requestCert: true,
    rejectUnauthorized: false,
  });
  const connections = { accepted: 0, open: new Set<Socket>() };
  const api: FakeApi = {
    dir,
    pki,
    server,
    url: "",
    seen: [],
    connections,
    handler: (_, response) => answer(response, 200, {}),
    async kubeconfig(user = { token: "t0ken" }, cluster = {}) {
      const file = join(dir, `kubeconfig-${Math.random().toString(16).slice(2)}`);
      const config = {
        apiVersion: "v1",
        kind: "Config",
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
        clusters: [{ name: "k", cluster: { server: api.url, "certificate-authority": pki.caFile, ...cluster } }],
        users: [{ name: "u", user }],
      };
      await writeFile(file, stringify(config));
      return file;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of connections.open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
  server.on("secureConnection", (socket: Socket) => {
    connections.accepted++;
    connections.open.add(socket);
    socket.on("close", () => connections.open.delete(socket));
    socket.on("error", () => {});
  });
  server.on("request", (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "https://x");
      const seen: Seen = {
        method: request.method ?? "",
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
        client: (request.socket as TLSSocket).getPeerCertificate().subject?.CN?.toString(),
      };
      api.seen.push(seen);
      api.handler(seen, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  Object.assign(api, { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return api;
};
