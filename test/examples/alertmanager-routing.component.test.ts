// The Alertmanager configuration of the example: valid, and each alert goes where its comments say.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { resolveTools } from "../cluster/toolchain.ts";
import { commandsOf } from "./commands.ts";
import { examplePath } from "./documents.ts";

const file = "alertmanager-routing.yaml";
const run = promisify(execFile);
let amtool = "";
beforeAll(async () => void ({ amtool } = await resolveTools(["amtool"])));

const told = async (labels: Readonly<Record<string, string>>): Promise<string> => {
  const { stdout } = await run(amtool, ["config", "routes", "test", `--config.file=${examplePath(file)}`, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)]);
  return stdout.trim();
};

const orders = { namespace: "shop", tenant: "acme", kvresponder: "orders" };
const carts = { namespace: "carts", tenant: "zeta", kvresponder: "carts" };

test("amtool has no complaint", async () => expect((await run(amtool, ["check-config", examplePath(file)])).stdout).toContain("SUCCESS"));

test.each([
  ["critical at a tenant: the tenant's pager and channel, and the platform", { alertname: "KVResponderDown", severity: "critical", ...orders }, "acme-pager,acme-slack,platform"],
  ["a warning: the tenant's channel alone", { alertname: "KVResponderPeersMissing", severity: "warning", ...orders }, "acme-slack,nobody"],
  ["an info: nobody", { alertname: "KVResponderMemoryHigh", severity: "info", ...orders }, "nobody"],
  ["critical at the other tenant: its webhook, and the platform", { alertname: "KVResponderDown", severity: "critical", ...carts }, "zeta-webhook,platform"],
  ["the same tenant's name in another namespace: not this tenant", { alertname: "KVResponderDown", severity: "critical", ...orders, namespace: "elsewhere" }, "platform"],
  ["an alert of the platform: the platform", { alertname: "KVOperatorDown", severity: "critical", namespace: "kv-responder-system" }, "platform"],
])("%s", async (_, labels, receivers) => expect(await told(labels)).toBe(receivers));

test("the commands in its head comment are right", async () => {
  const commands = commandsOf(file);
  expect(commands).toHaveLength(2);
  for (const command of commands) await run("bash", ["-c", command.replace(/^amtool/, amtool)]);
});
