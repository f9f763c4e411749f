// /metrics: the exposition for Prometheus. Scrapes that come together share one rendering.
import { path } from "#contract/http";
import type { Hono } from "hono";
import type { HonoEnv } from "../env.ts";
import { readOnly } from "./read-only.ts";

export interface Exposition {
  render(): Promise<string>;
  readonly contentType: string;
}

export const metricsRoute = (app: Hono<HonoEnv>, { render, contentType }: Exposition): void => {
  let rendering: Promise<string> | undefined;
  readOnly(app, path.metrics, async () => {
    rendering ??= render().finally(() => void (rendering = undefined));
    return { contentType, text: await rendering };
  });
};
