// A peer: node:http alone, one constant value of 100 bytes, no instrumentation.
import { createServer } from "node:http";
import { announce } from "./announce.ts";

const value = Buffer.alloc(100, "x");
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": value.length });
  response.end(value);
});
server.listen(0, "127.0.0.1", () => announce(server));
