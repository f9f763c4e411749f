// Where the peers' spans go: takes any OTLP/HTTP export, and tells at /bytes how many bytes came.
import { createServer } from "node:http";
import { announce } from "./announce.ts";

let bytes = 0;
const server = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => void (bytes += chunk.length));
  request.on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(request.url === "/bytes" ? String(bytes) : "{}"));
});
server.listen(0, "127.0.0.1", () => announce(server));
