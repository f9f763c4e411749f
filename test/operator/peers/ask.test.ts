// What may stand at a pod's address: a responder of any age, something slow, huge, wrong, or nothing.
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { askPod, type AskOptions } from "../../../operator/peers/ask.ts";

const replication = { mode: "Peers", expected: 2, connected: 2, warmup: "copied", clockAhead: false };
const info = (of: object = { replication }, uptimeSeconds = 1_000) => JSON.stringify({ tenant: "a", pod: "p", uptimeSeconds, ...of });
const told = { mode: "Peers", connected: 2, warmup: "copied", clockAhead: false, isNew: false };

const servers: { close: () => void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const serve = async (listener: RequestListener, host = "127.0.0.1"): Promise<Server> => {
  const server = createServer(listener);
  servers.push({ close: () => (server.closeAllConnections(), server.close()) });
  await new Promise<void>((done) => server.listen(0, host, done));
  return server;
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const ask = (port: number, options: AskOptions = {}, host = "127.0.0.1") => askPod(host, new AbortController().signal, { port, ...options });
const answering = async (text: string, status = 200, headers: Record<string, string> = {}) => ask(portOf(await serve((_, answer) => answer.writeHead(status, headers).end(text))));

test("a responder says how it sees its peers, at /info and without keeping the connection", async () => {
  const seen: string[] = [];
  const server = await serve((request, answer) => {
    seen.push(`${request.method} ${request.url} ${request.headers.connection}`);
    answer.end(info());
  });
  expect(await ask(portOf(server))).toEqual(told);
  expect(seen).toEqual(["GET /info close"]);
});

test("a process that has just begun is new", async () => {
  expect(await answering(info({ replication }, 29))).toEqual({ ...told, isNew: true });
  expect(await answering(info({ replication }, 30))).toEqual(told);
});

test("an older responder is silent about peers", async () => expect(await answering(info({}))).toBe("silent"));

test("IPv6", async () => {
  const server = await serve((_, answer) => answer.end(info()), "::1").catch(() => undefined);
  // a machine without IPv6 cannot show it
  if (server) expect(await ask(portOf(server), {}, "::1")).toEqual(told);
});

test.each([
  ["another page", "<html>"],
  ["JSON of another shape", '{"ok":true}'],
  ["a report that breaks the schema", info({ replication: { ...replication, connected: -1 } })],
  ["nothing", ""],
])("%s is no answer", async (_, text) => expect(await answering(text)).toBe("unreachable"));

test("an error page is no answer, even if it reads like one", async () => expect(await answering(info(), 503)).toBe("unreachable"));

test("a redirect is not followed", async () => {
  let followed = 0;
  const target = await serve((_, answer) => {
    followed += 1;
    answer.end(info());
  });
  expect(await answering("", 302, { location: `http://127.0.0.1:${portOf(target)}/info` })).toBe("unreachable");
  expect(followed).toBe(0);
});

test("a body without end is cut at its bound", async () => {
  let written = 0;
  const server = await serve((_, answer) => {
    const more = (): void => {
      while (answer.write(" ".repeat(4_096)) && !answer.destroyed) written += 4_096;
    };
    answer.on("drain", more);
    more();
  });
  expect(await ask(portOf(server), { timeoutMs: 60_000 })).toBe("unreachable");
  // what the kernel's buffers take at most; the question did not wait for its time to be up
  expect(written).toBeLessThan(64 * 2 ** 20);
});

test.each<[string, RequestListener]>([
  ["says nothing", () => {}],
  ["stops in the middle", (_, answer) => void answer.write("{")],
])("one that %s costs its bound and no more", async (_, listener) => {
  const began = performance.now();
  expect(await ask(portOf(await serve(listener)), { timeoutMs: 100 })).toBe("unreachable");
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("something that is not HTTP", async () => {
  const server = createTcpServer((socket) => socket.on("error", () => {}).end("hello\r\n"));
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  expect(await ask((server.address() as AddressInfo).port)).toBe("unreachable");
});

test("nobody there", async () => {
  const server = await serve(() => {});
  const port = portOf(server);
  await new Promise((done) => server.close(done));
  expect(await ask(port)).toBe("unreachable");
});

test("a stop cuts the question", async () => {
  const stop = new AbortController();
  const asked = askPod("127.0.0.1", stop.signal, { port: portOf(await serve(() => {})), timeoutMs: 60_000 });
  stop.abort();
  expect(await asked).toBe("unreachable");
});
