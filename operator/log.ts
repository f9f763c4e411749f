// The log port of the operator's parts. Messages are constant, facts go into fields.
import type { Log as Full } from "#telemetry/logger";

export type Log = Pick<Full, "debug" | "info" | "warn" | "error">;
