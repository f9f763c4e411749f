// A real Alertmanager on a free loopback port, with the configuration that prometheus-operator's own code makes of AlertmanagerConfigs.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { reservePort } from "../cluster/ports.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import { startServerProcess } from "./server-process.ts";

export const strategies = ["OnNamespace", "OnNamespaceExceptForAlertmanagerNamespace", "None"] as const;
export type Strategy = (typeof strategies)[number];

export interface AlertmanagerResource {
  /** Of the Alertmanager itself. */
  readonly namespace: string;
  readonly strategy: Strategy;
  /** alertmanager.yml as the platform wrote it. */
  readonly base: string;
  readonly configs: readonly object[];
  /** Values by "namespace/name", then key. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** alertmanager.yml, or an error in prometheus-operator's words. */
export const alertmanagerYaml = async ({ secrets = {}, ...rest }: AlertmanagerResource): Promise<string> => {
  const program = (await resolveTools(["alertmanager-config"]))["alertmanager-config"];
  const objects = Object.entries(secrets).map(([path, data]) => {
    const [namespace, name] = path.split("/");
    return { metadata: { namespace, name }, data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])) };
  });
  const made = promisify(execFile)(program, { maxBuffer: 64 * 2 ** 20 });
  made.child.stdin?.end(JSON.stringify({ version: "0.28.1", secrets: objects, ...rest }));
  return (await made).stdout;
};

export type Labels = Readonly<Record<string, string>>;

export interface Alert {
  readonly labels: Labels;
  readonly annotations?: Labels;
  /** RFC 3339; in the past: it has ended. */
  readonly endsAt?: string;
}

export interface Seen {
  readonly labels: Labels;
  readonly fingerprint: string;
  readonly status: { readonly state: "active" | "suppressed" | "unprocessed"; readonly inhibitedBy: readonly string[] };
}

export interface Alertmanager extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  post(alerts: readonly Alert[]): Promise<void>;
  alerts(): Promise<readonly Seen[]>;
}

/** Resolves when it takes alerts. */
export const startAlertmanager = async (config: string): Promise<Alertmanager> => {
  const { alertmanager } = await resolveTools(["alertmanager"]);
  const folder = await mkdtemp(join(tmpdir(), "kvr-alertmanager-"));
  await writeFile(join(folder, "alertmanager.yml"), config);
  const reserved = await reservePort();
  const address = `127.0.0.1:${reserved.port}`;
  const args = [`--config.file=${folder}/alertmanager.yml`, `--storage.path=${folder}/data`, `--web.listen-address=${address}`, "--cluster.listen-address=", "--log.level=error"];
  const tidy = async () => {
    reserved.release();
    await rm(folder, { recursive: true, force: true });
  };
  const server = await startServerProcess({ what: "Alertmanager", command: [alertmanager, ...args], readyUrl: `http://${address}/-/ready`, tidy });
  return {
    address,
    async post(alerts) {
      const answer = await fetch(`http://${address}/api/v2/alerts`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(alerts) });
      if (!answer.ok) throw new Error(`post alerts: ${answer.status} ${await answer.text()}`);
    },
    alerts: async () => (await (await fetch(`http://${address}/api/v2/alerts`)).json()) as readonly Seen[],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};
