// The end of a path's routes: every other method is told which ones there are.
import type { Hono } from "hono";
import type { HonoEnv } from "../env.ts";
import { problem } from "../errors.ts";

export const allow = (app: Hono<HonoEnv>, path: string, methods: string): void => {
  app.all(path, () => problem("method_not_allowed", { headers: { allow: methods } }));
};
