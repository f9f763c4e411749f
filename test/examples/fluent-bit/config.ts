// The files of the example where Fluent Bit's container has them, under a root of its own. Two settings must differ, and what an older Fluent Bit does not know is left out.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configFile, exampleObject } from "../documents.ts";

const file = "log-aggregation-config.yaml";
const account = "var/run/secrets/kubernetes.io/serviceaccount";

/** Options of the example that the Fluent Bit of the tests is too old for. */
const newer = ["structured_metadata"];

export type Store = "elasticsearch" | "loki";

export interface Surroundings {
  readonly root: string;
  /** The other one's @INCLUDE is removed, as the example says. */
  readonly store: Store;
  readonly apiServer: string;
  /** Of the ServiceAccount. */
  readonly credentials: { readonly namespace: string; readonly token: string; readonly "ca.crt": string };
}

const once = (text: string, pattern: RegExp, to: string): string => {
  if (text.match(new RegExp(pattern, `${pattern.flags}g`))?.length !== 1) throw new Error(`${pattern} is not there exactly once`);
  return text.replace(pattern, to);
};

const adapted = (key: string, text: string, { apiServer, store }: Surroundings): string => {
  if (key === "loki.conf") return newer.reduce((rest, option) => once(rest, new RegExp(`^ +${option} .*\n`, "m"), ""), text);
  if (key !== "fluent-bit.conf") return text;
  // its port is another; the name in its certificate is the same
  const there = once(text, /https:\/\/kubernetes\.default\.svc:443/, `${apiServer}\n    tls.vhost           kubernetes.default.svc`);
  const quiet = once(there, /HTTP_Server +On/, "HTTP_Server Off");
  return once(quiet, store === "loki" ? /@INCLUDE elasticsearch\.conf\n/ : /@INCLUDE loki\.conf\n/, "");
};

/** Where log files of containers go. */
export const prepareRoot = async (around: Surroundings): Promise<string> => {
  const { root, credentials } = around;
  const containers = join(root, "var/log/containers");
  for (const folder of [containers, join(root, "var/lib/fluent-bit"), join(root, "fluent-bit/etc"), join(root, account)]) await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(credentials)) await writeFile(join(root, account, name), text);
  for (const key of Object.keys(exampleObject(file, "ConfigMap", "fluent-bit")["data"] as object)) {
    await writeFile(join(root, "fluent-bit/etc", key), adapted(key, configFile(file, "fluent-bit", key), around));
  }
  return containers;
};
