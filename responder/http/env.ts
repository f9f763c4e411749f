// What a route gets beside the web-standard request: Node's own objects and the exchange to fill in.
import type { HttpBindings } from "@hono/node-server";
import type { Exchange } from "./exchange.ts";

export interface HonoEnv {
  Bindings: HttpBindings & { exchange: Exchange };
}
