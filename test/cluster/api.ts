// Raw JSON requests to an API server, under one identity, over kept-alive connections.
import { readFile } from "node:fs/promises";
import { Agent, request, type Dispatcher } from "undici";
import type { Credentials } from "./pki.ts";
import type { Answer, RequestOptions } from "./types.ts";

export interface Api {
  /** Any HTTP status is an answer; throws only when the server cannot be reached. */
  request<T = unknown>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>>;
  /** The object, or undefined for 404; throws with the server's message on any other failure. */
  get<T>(path: string): Promise<T | undefined>;
  /** Like request, but throws on a status of 400 and above. */
  must<T = unknown>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<T>;
  close(): Promise<void>;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const messageOf = (body: unknown): string =>
  typeof body === "object" && body !== null && "message" in body && typeof body.message === "string" ? body.message : JSON.stringify(body);

export const createApi = async (server: string, caFile: string, credentials: Credentials): Promise<Api> => {
  const [ca, cert, key] = await Promise.all([readFile(caFile), readFile(credentials.certFile), readFile(credentials.keyFile)]);
  const agent = new Agent({ connect: { ca, cert, key }, connections: 8 });

  const api: Api = {
    request: async <T>(method: string, path: string, body?: unknown, { contentType = "application/json", headers = {} }: RequestOptions = {}) => {
      const answer = await request(`${server}${path}`, {
        dispatcher: agent,
        method: method.toUpperCase() as Dispatcher.HttpMethod,
        headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": contentType }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      return { status: answer.statusCode, body: parsed(await answer.body.text()) as T };
    },
    get: async <T>(path: string) => {
      const { status, body } = await api.request<T>("GET", path);
      if (status === 404) return undefined;
      if (status >= 400) throw new Error(`GET ${path}: ${status} ${messageOf(body)}`);
      return body;
    },
    must: async <T>(method: string, path: string, body?: unknown, options?: RequestOptions) => {
      const answer = await api.request<T>(method, path, body, options);
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${messageOf(answer.body)}`);
      return answer.body;
    },
    close: () => agent.destroy(),
  };
  return api;
};
