// A page that is only read: GET and HEAD answer, every other method is told so.
import type { Context, Hono } from "hono";
import type { HonoEnv } from "../env.ts";
import { allow } from "./allow.ts";

export interface Page {
  readonly status?: number;
  readonly contentType: string;
  readonly text: string;
  /** The request header that the page depends on. */
  readonly vary?: string;
}

export const readOnly = (app: Hono<HonoEnv>, path: string, page: (c: Context<HonoEnv>) => Page | Promise<Page>): void => {
  app.get(path, async (c) => {
    const { status = 200, contentType, text, vary } = await page(c);
    const length = Buffer.byteLength(text);
    c.env.exchange.bytes = c.req.method === "HEAD" ? 0 : length;
    const headers = { "content-type": contentType, "content-length": String(length), "cache-control": "no-store", ...(vary !== undefined && { vary }) };
    return new Response(text, { status, headers });
  });
  allow(app, path, "GET, HEAD");
};
