// What Fluent Bit sends to Elasticsearch and Loki, kept by two small servers that answer as those do.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Indexed {
  readonly operation: string;
  readonly index: string;
  /** Other parameters of the action. */
  readonly parameters: readonly string[];
  readonly document: Readonly<Record<string, unknown>>;
}

export interface Pushed {
  readonly tenant: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Nanoseconds since the epoch. */
  readonly time: string;
  readonly line: string;
}

export interface Stores extends AsyncDisposable {
  readonly esPort: number;
  readonly lokiPort: number;
  readonly indexed: Indexed[];
  readonly pushed: Pushed[];
  /** What was neither a bulk request nor a push. */
  readonly strange: string[];
  /** How many of the next requests to Elasticsearch are refused with 503. */
  refuse(times: number): void;
  /** How many were. */
  readonly refused: number;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

const answer = (response: ServerResponse, status: number, body?: object) => {
  // as Loki does: 204 has no body and says nothing of one
  if (body === undefined) return void response.writeHead(status).end();
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
};

const readBulk = (body: string): Indexed[] => {
  const lines = body.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
  const found: Indexed[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const [[operation = "", { _index: index, ...rest } = {}] = []] = Object.entries(lines[at] ?? {});
    found.push({ operation, index: String(index), parameters: Object.keys(rest), document: lines[at + 1] ?? {} });
  }
  return found;
};

interface Push {
  readonly streams: readonly { readonly stream: Record<string, string>; readonly values: readonly [string, string][] }[];
}

const serve = async (handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>) => {
  const server = createServer((request, response) => void handle(request, response).catch((error: unknown) => answer(response, 400, { error: String(error) })));
  // an idle connection is not closed under the client's hands
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { port: (server.address() as AddressInfo).port, close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) };
};

export const startStores = async (): Promise<Stores> => {
  const [indexed, pushed, strange]: [Indexed[], Pushed[], string[]] = [[], [], []];
  let [toRefuse, refused] = [0, 0];
  const es = await serve(async (request, response) => {
    const body = await bodyOf(request);
    if (`${request.method} ${request.url}` !== "POST /_bulk") return void (strange.push(`${request.method} ${request.url}`), answer(response, 404));
    if (toRefuse > 0) return void (toRefuse--, refused++, answer(response, 503, { error: "unavailable" }));
    const found = readBulk(body);
    indexed.push(...found);
    answer(response, 200, { took: 1, errors: false, items: found.map(({ operation, index }) => ({ [operation]: { _index: index, status: 201 } })) });
  });
  const loki = await serve(async (request, response) => {
    const body = await bodyOf(request);
    if (`${request.method} ${request.url}` !== "POST /loki/api/v1/push") return void (strange.push(`${request.method} ${request.url}`), answer(response, 404));
    const tenant = request.headers["x-scope-orgid"] as string | undefined;
    for (const { stream, values } of (JSON.parse(body) as Push).streams) for (const [time, line] of values) pushed.push({ tenant, labels: stream, time, line });
    answer(response, 204);
  });
  return {
    esPort: es.port,
    lokiPort: loki.port,
    indexed,
    pushed,
    strange,
    refuse: (times) => void (toRefuse = times),
    get refused() {
      return refused;
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all([es.close(), loki.close()])),
  };
};
