// The peer: node:http alone, one value of 100 bytes, no instrumentation. Prints its port.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const value = Buffer.alloc(100, "x");
const server = createServer((request, response) => {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": value.length });
  response.end(request.method === "HEAD" ? undefined : value);
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ msg: "serving", http: { host: "127.0.0.1", port: (server.address() as AddressInfo).port } })));
