// Where an Alertmanager's messages arrive: an HTTP server that keeps what is posted by path, and an SMTP server that keeps mails.
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

const listen = async (server: Server): Promise<number> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

export interface Posts extends AsyncDisposable {
  readonly url: string;
  /** Bodies by path, in the order of arrival. */
  readonly at: (path: string) => readonly unknown[];
}

export const startPosts = async (): Promise<Posts> => {
  const kept = new Map<string, unknown[]>();
  const server = createHttp(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const path = request.url ?? "";
    kept.set(path, [...(kept.get(path) ?? []), JSON.parse(text)]);
    // what PagerDuty answers; Slack's and a webhook's answer is not looked at
    response.writeHead(202, { "content-type": "application/json" }).end("{}");
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    at: (path) => kept.get(path) ?? [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
};

export interface Mails extends AsyncDisposable {
  readonly port: number;
  /** Whole messages, headers first. */
  readonly all: readonly string[];
}

/** As much of SMTP as it takes to be told a mail. */
const converse = async (socket: Socket, keep: (mail: string) => void): Promise<void> => {
  const say = (line: string) => void socket.write(`${line}\r\n`);
  socket.on("error", () => {});
  say("220 here");
  let mail: string[] | undefined;
  for await (const line of createInterface({ input: socket })) {
    if (mail) {
      if (line !== ".") {
        mail.push(line);
        continue;
      }
      keep(mail.join("\n"));
      mail = undefined;
      say("250 kept");
    } else if (line === "DATA") {
      mail = [];
      say("354 go on");
    } else if (line === "QUIT") {
      say("221 bye");
      socket.end();
    } else say("250 fine");
  }
};

export const startMails = async (): Promise<Mails> => {
  const all: string[] = [];
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    void converse(socket, (mail) => all.push(mail));
  });
  const port = await listen(server);
  return {
    port,
    all,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
};
