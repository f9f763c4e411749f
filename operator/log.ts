// The log port of the operator's parts. Messages are constant, facts go into fields.
import type { Fields, Log as Full } from "#telemetry/logger";
import type { Request } from "./objects.ts";

export type Log = Pick<Full, "debug" | "info" | "warn" | "error">;

/** Which resource a line is about, spelled as in the labels of metrics: `namespace` is on every line already, and is the operator's own. */
export const about = ({ namespace, name }: Request): Fields => ({ resource_namespace: namespace, kvresponder: name });

/** With fields that are known only at the moment of the line. */
export const withFields = (log: Log, fields: () => Fields | undefined): Log => ({
  debug: (facts, message) => log.debug({ ...fields(), ...facts }, message),
  info: (facts, message) => log.info({ ...fields(), ...facts }, message),
  warn: (facts, message) => log.warn({ ...fields(), ...facts }, message),
  error: (facts, message) => log.error({ ...fields(), ...facts }, message),
});
