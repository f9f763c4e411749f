// A hundred thousand lines of a real responder: every one fits docs/log-schema.md, and none holds a key, a value or a token, whatever clients send.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lineChecker, readLogSchema } from "../support/log-schema.ts";
import { runResponder } from "./log-run.ts";

const wanted = 100_000;
/** In keys, values, tokens and whatever else clients choose. Lower case and digits: no encoding of URLs or JSON changes it. */
const canary = "canary7f3a9c";
const token = `${canary}token0123456789abcdef0123456789`;

interface Answers {
  /** Bytes that came; the connection may have been ended by the server. */
  readonly bytes: number;
}

/** Sends all of it, and waits until the server has said `last` so often, or has closed. */
const talk = (port: number, text: string | Buffer, last: string, times: number): Promise<Answers> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let [bytes, seen] = [0, 0];
    let tail = "";
    const end = () => {
      socket.destroy();
      resolve({ bytes });
    };
    socket.on("data", (part: Buffer) => {
      bytes += part.length;
      // an answer may lie across two parts
      const all = tail + part.toString("latin1");
      seen += all.split(last).length - 1;
      tail = all.slice(-(last.length - 1));
      if (seen >= times) end();
    });
    socket.on("close", end);
    socket.on("error", (err: NodeJS.ErrnoException) => (err.code === "ECONNRESET" || err.code === "EPIPE" ? end() : reject(err)));
    socket.write(text);
  });

const auth = `authorization: Bearer ${token}`;
const http = (line: string, headers: readonly string[] = [], body = ""): string => `${line} HTTP/1.1\r\nhost: x\r\n${[auth, ...headers, `content-length: ${Buffer.byteLength(body)}`].join("\r\n")}\r\n\r\n${body}`;
const command = (...words: readonly string[]): string => `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;

const [key, value] = [`${canary}key`, `${canary}value`];
const json = "content-type: application/json";
/** Each is one request that ends well or with an error of the client. */
const requests: readonly string[] = [
  http(`PUT /v1/kv/${key}`, [`content-type: text/${canary}`], value),
  http(`GET /v1/kv/${key}`),
  http(`GET /v1/kv/${key}`, [`if-none-match: "${canary}"`, `traceparent: ${canary}`]),
  http(`HEAD /v1/kv/${key}`),
  http(`GET /v1/kv/${key}%2f${canary}`),
  http(`PUT /v1/kv/${key}`, [`kv-ttl: ${canary}`], value),
  http(`PUT /v1/kv/${key}`, [`kv-ack: ${canary}`], value),
  http(`POST /v1/kv/${key}/incr`, [json], `{"by": "${canary}"}`),
  http(`POST /v1/kv/${key}/incr`, [json], `{${canary}`),
  http(`POST /v1/batch`, [json], JSON.stringify({ operations: [{ op: "put", key, value }, { op: canary, key }] })),
  http(`POST /v1/batch`, [json], `{"${canary}"`),
  http(`POST /v1/batch`, [`content-type: ${canary}`], value),
  http(`GET /v1/kv?prefix=${canary}&cursor=${canary}`),
  http(`GET /v1/kv?${canary}=1`),
  http(`GET /${canary}`),
  http(`GET /v1/kv/${key.repeat(60)}`),
  http(`GET /v1/kv/%zz${canary}`),
  http(`DELETE /v1/kv/${key}`),
  http(`DELETE /v1/kv?prefix=${canary}`),
];
/** Each ends its connection. */
const broken: readonly string[] = [
  `GET /v1/kv/${key} HTTP/9.9\r\n${canary}\r\n\r\n`,
  `GET /v1/kv/${key}\r\n\r\n`,
  `PUT /v1/kv/${key} HTTP/1.1\r\nhost: x\r\ncontent-length: ${canary}\r\n\r\n`,
  `PUT /v1/kv/${key} HTTP/1.1\r\nhost: x\r\n${auth}\r\ntransfer-encoding: chunked\r\n\r\n${canary}\r\n`,
  `GET /v1/kv/${key} HTTP/1.1\r\nhost: x\r\n${auth}\r\nx: ${canary.repeat(9_000)}\r\n\r\n`,
  `${canary}\0\u0001\r\n\r\n`,
];
const refused = [`GET /v1/kv/${key} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${canary}wrong\r\nconnection: close\r\n\r\n`, `GET /v1/kv/${key} HTTP/1.1\r\nhost: x\r\nauthorization: ${canary}\r\nconnection: close\r\n\r\n`];

const commands: readonly string[] = [
  command("SET", key, value),
  command("GET", key),
  command("GET", key, canary),
  command("MSET", key, value, `${key}2`, value),
  command("INCR", key),
  command("EXPIRE", key, canary),
  command("SET", key, value, canary),
  command("DEL", key),
  command(canary, key, value),
  command("CLIENT", "SETNAME", canary),
  command("SCAN", "0", "MATCH", `${canary}*`),
  command("EVAL", `return '${canary}'`, "1", key),
];
const brokenCommands: readonly string[] = [`*${canary}\r\n`, `*2\r\n$${canary}\r\n`, `*1\r\n$99999999999\r\n${canary}`];

test("a hundred thousand lines hold no key, value or token, and each fits the schema", { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "canary-"));
  const settings = (keyHash: boolean) => {
    writeFileSync(join(folder, "next"), JSON.stringify({ logLevel: "trace", requests: { sample: 1, slowMs: 0, keyHash } }));
    renameSync(join(folder, "next"), join(folder, "runtime.json"));
  };
  settings(false);
  const tokens = mkdtempSync(join(tmpdir(), "canary-tokens-"));
  writeFileSync(join(tokens, "token"), token);
  await using responder = runResponder({
    env: { KVR_RUNTIME_FILE: join(folder, "runtime.json"), KVR_RESP_PORT: "0", KVR_TOKEN_DIR: tokens, KVR_MAX_MEMORY: String(64 * 2 ** 20) },
  });
  const ports = (await responder.said("serving")) as unknown as Record<"http" | "resp", { port: number }>;
  const [httpPort, respPort] = [ports.http.port, ports.resp.port];
  const turns = 100;
  const many = requests.join("").repeat(turns);
  const manyCommands = command("AUTH", token) + commands.join("").repeat(turns) + command("PING");

  const linesNow = () => responder.text().split("\n").length - 1;
  const wrongTokens = async () => {
    for (const text of refused) await talk(httpPort, text, "\0never", 1);
    await talk(respPort, command("AUTH", `${canary}wrong`) + command("GET", key) + command("AUTH", canary, canary), "-", 3);
  };
  const oneRound = async () => {
    await talk(httpPort, many, "HTTP/1.1 ", requests.length * turns);
    await talk(respPort, manyCommands, "+PONG\r\n", 1);
    for (const text of broken) await talk(httpPort, text, "\0never", 1);
    for (const text of brokenCommands) await talk(respPort, command("AUTH", token) + text, "\0never", 1);
  };
  await oneRound();
  settings(true);
  await responder.said("settings changed");
  while (linesNow() < wanted) await oneRound();
  // last: after some of them nobody from here is let in for a while, nor listened to
  for (let i = 0; i < 30; i++) await wrongTokens();
  responder.child.kill("SIGTERM");
  expect(await responder.ended).toBe(0);
  rmSync(folder, { recursive: true });
  rmSync(tokens, { recursive: true });

  const text = responder.text();
  for (const hidden of [canary, Buffer.from(canary).toString("hex"), Buffer.from(canary).toString("base64").slice(0, -4), [...Buffer.from(canary)].join(",")]) {
    const at = text.toLowerCase().indexOf(hidden.toLowerCase());
    expect(at < 0 ? "" : text.slice(Math.max(0, at - 300), at + 100)).toBe("");
  }
  const lines = responder.lines();
  expect(lines.length).toBeGreaterThanOrEqual(wanted);
  expect(lines.filter(({ msg }) => msg === "log lines dropped")).toEqual([]);
  const check = lineChecker(readLogSchema(), "responder");
  expect([...new Set(lines.map(check).filter((problem) => problem !== undefined))]).toEqual([]);
  // the test has reached both protocols, the errors of both and the hashes
  const said = (message: string) => lines.filter(({ msg }) => msg === message);
  expect(said("command").length).toBeGreaterThan(wanted / 10);
  expect(new Set(said("command").map(({ result }) => result))).toEqual(new Set(["ok", "error"]));
  const statuses = new Set(said("request").map(({ status }) => status));
  expect([200, 201, 204, 400, 401, 404, 415].filter((status) => !statuses.has(status))).toEqual([]);
  expect(said("request").filter(({ status }) => status === 429).length).toBeLessThan(wanted / 10);
  expect(said("request").filter(({ keyHash }) => keyHash !== undefined).length).toBeGreaterThan(wanted / 10);
  expect(new Set(said("request").map(({ route }) => route)).size).toBeGreaterThan(3);
});
