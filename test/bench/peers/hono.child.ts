// A peer: hono on node:http with one route and no middleware.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { announce } from "./announce.ts";

const value = new Uint8Array(100).fill(120);
const app = new Hono();
app.get("/v1/kv/:key", (c) => c.body(value, 200, { "content-type": "application/octet-stream" }));
const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => announce(server));
