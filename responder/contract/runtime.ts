// runtime.json: settings that change without a restart. The operator writes it into a ConfigMap; the responder re-reads the mounted file.
import { logLevels } from "#crds/telemetry";
import { ackModes } from "#crds/replication";
import { z } from "zod";

/** Key in the ConfigMap, and so the name of the file. */
export const runtimeKey = "runtime.json";
/** Where the ConfigMap is mounted: the whole directory, because a subPath mount is never updated. */
export const runtimeDir = "/etc/kv-responder";
export const runtimeFile = `${runtimeDir}/${runtimeKey}`;

// not strict: an older responder ignores what a newer operator adds
export const runtimeSchema = z.object({
  logLevel: z.enum(logLevels).default("info"),
  /** Which requests are logged: one in `sample` of those that are fast and fine, and each that took longer than `slowMs` or failed. */
  requests: z
    .object({
      sample: z.int().min(1).default(100),
      slowMs: z.number().min(0).default(100),
      /** Their lines carry a salted hash of the key. */
      keyHash: z.boolean().default(false),
    })
    .prefault({}),
  /** Part of the requests that get a span without being slow, failed or asked for. Of no effect without a trace endpoint. */
  traceSampleRatio: z.number().min(0).max(1).default(0.01),
  /** What a write waits for that does not say so itself. */
  ack: z.enum(ackModes).default("Local"),
  /** Pods that there should be, this one included. Absent: only discovery tells how many there are. */
  replicas: z.int().min(0).optional(),
});

export type RuntimeSettings = z.output<typeof runtimeSchema>;

export type RequestLogging = RuntimeSettings["requests"];

export const renderRuntime = (settings: z.input<typeof runtimeSchema>): string => `${JSON.stringify(runtimeSchema.parse(settings))}\n`;

/** Throws with a message for people when the text is not JSON or a value is not allowed. */
export const parseRuntime = (text: string): RuntimeSettings => {
  const parsed = runtimeSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "));
  return parsed.data;
};
