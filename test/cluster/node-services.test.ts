// From a Service or a pod and a port to an address, or to a message that says what is wrong.
import { expect, test } from "vitest";
import type { Api } from "./api.ts";
import { serviceAddress, targetAddress } from "./node-services.ts";

const apiWith = (spec: object | undefined): Api => ({
  request: () => Promise.reject(new Error("not asked")),
  must: () => Promise.reject(new Error("not asked")),
  get: <T>(path: string) => Promise.resolve((spec !== undefined && path === "/api/v1/namespaces/a/services/web" ? { spec } : undefined) as T | undefined),
  close: () => Promise.resolve(),
});
const web = { clusterIP: "10.96.3.4", ports: [{ name: "http", port: 80 }, { name: "metrics", port: 9090 }] };

test.each([80, "http"])("port %s", async (port) => {
  expect(await serviceAddress(apiWith(web), { namespace: "a", service: "web", port })).toEqual({ host: "10.96.3.4", port: 80 });
});

test.each([
  [undefined, 80, "no Service a/web"],
  [{ ...web, clusterIP: "None" }, 80, "no cluster IP"],
  [web, "grpc", "no port grpc: choose from http, metrics"],
])("%j, port %s: %s", async (spec, port, message) => {
  await expect(serviceAddress(apiWith(spec), { namespace: "a", service: "web", port })).rejects.toThrow(message);
});

const pods = (status: object | undefined): Api => ({
  ...apiWith(undefined),
  get: <T>(path: string) => Promise.resolve((status !== undefined && path === "/api/v1/namespaces/a/pods/web-1" ? { status } : undefined) as T | undefined),
});

test("a pod is reached at its own address", async () => {
  expect(await targetAddress(pods({ podIP: "10.244.0.7" }), { namespace: "a", pod: "web-1", port: 8080 })).toEqual({ host: "10.244.0.7", port: 8080 });
});

test.each([
  [undefined, "no pod a/web-1"],
  [{}, "has no address yet"],
])("a pod with status %j: %s", async (status, message) => {
  await expect(targetAddress(pods(status), { namespace: "a", pod: "web-1", port: 8080 })).rejects.toThrow(message);
});
