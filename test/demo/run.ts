// `make run`: one responder on loopback, and what to type next. Ctrl-C ends it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
// a free port: many machines have a Redis on 6379
const env = { KVR_RESP_PORT: "0", ...process.env };
const child = spawn(process.execPath, [resolve(root, "responder/main.ts")], { env, stdio: ["ignore", "pipe", "inherit"] });
// the terminal sends Ctrl-C to both; the responder drains and this process waits for it
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));

const hints = (http: string, management: string, { host, port }: Listening): string => `
A responder runs. Try, in another terminal:

  curl -i -X PUT -H 'KV-TTL: 60' -d 'hello' ${http}/v1/kv/greeting
  curl -i ${http}/v1/kv/greeting
  redis-cli -h ${host} -p ${port} get greeting
  curl -s ${http}/metrics | grep ^kv_
  curl -s '${management}/readyz?verbose'

Ctrl-C ends it. Its log follows.
`;

interface Listening {
  host: string;
  port: number;
}
const urlOf = ({ host, port }: Listening): string => `http://${host}:${port}`;

createInterface({ input: child.stdout }).on("line", (line) => {
  console.log(line);
  const { msg, http, resp, management } = JSON.parse(line) as { msg: string; http?: Listening; resp?: Listening; management?: Listening };
  if (msg === "serving" && http && resp && management) console.log(hints(urlOf(http), urlOf(management), resp));
});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});
