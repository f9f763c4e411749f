// /openapi.json: this API, for machines.
import { path } from "#contract/http";
import type { Hono } from "hono";
import type { HonoEnv } from "../env.ts";
import { openApiDocument } from "../openapi.ts";
import { readOnly } from "./read-only.ts";

export const openApiRoute = (app: Hono<HonoEnv>): void => {
  // made when it is first asked for, and never changes
  let text: string | undefined;
  readOnly(app, path.openapi, () => ({ contentType: "application/json", text: (text ??= `${JSON.stringify(openApiDocument())}\n`) }));
};
