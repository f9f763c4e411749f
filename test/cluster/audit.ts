// The API server's audit log: the policy that records every request, and its reading.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Api } from "./api.ts";
import type { AuditEntry } from "./types.ts";
import { waitFor } from "./wait.ts";

/** Every request once, when it is answered, without bodies. Long requests (watches) are recorded when they begin and when they end. */
export const auditPolicy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", omitStages: ["RequestReceived"], rules: [{ level: "Metadata" }] };

const barrierPrefix = "kvr-barrier-";

/** The last line may still be in writing: it has no end yet, and is left out. */
export const parseAuditLog = (text: string): readonly AuditEntry[] =>
  text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditEntry);

/**
 * Everything answered before the call. A large answer may reach its client a moment before its line is written,
 * so a marked request of our own goes through first; while the API server is down the log is complete as it stands.
 */
export const readAuditLog = async (file: string, api: Api): Promise<readonly AuditEntry[]> => {
  const barrier = `${barrierPrefix}${randomUUID()}`;
  const passed = await api.request("GET", "/version", undefined, { headers: { "audit-id": barrier } }).then(
    () => true,
    () => false,
  );
  const entries = await waitFor("the audit log to catch up", async () => {
    const all = parseAuditLog(await readFile(file, "utf8"));
    return (!passed || all.some((entry) => entry.auditID === barrier)) && all;
  });
  return entries.filter((entry) => !entry.auditID.startsWith(barrierPrefix));
};
