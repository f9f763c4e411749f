// spec.protocols and spec.auth: how clients reach the cache, and who may.
import { z } from "zod";
import { dnsName } from "./fields.ts";
import { matches, withRules } from "./rules.ts";

/** Ports that the Service has taken for HTTP and for metrics. */
const takenPorts = [80, 9090] as const;

export const protocols = z
  .object({
    resp: z
      .object({
        enabled: z.boolean().default(false).meta({ description: "Whether the pods speak the Redis protocol (RESP2 and RESP3) beside HTTP." }),
        port: withRules(
          z.int32().min(1).max(65_535),
          [{ cel: takenPorts.map((taken) => `self != ${taken}`).join(" && "), message: "80 and 9090 are the Service's ports for HTTP and metrics; choose another", test: (port) => !takenPorts.some((taken) => taken === port) }],
          { description: "The Service's port for it. The pods listen on 6379 whatever it is." },
        ).default(6379),
      })
      .prefault({})
      .meta({ description: "The Redis protocol." }),
  })
  .prefault({})
  .meta({ description: "What the pods speak beside HTTP." });

export const auth = withRules(
  z.object({
    mode: z.enum(["Token", "None"]).default("Token").meta({ description: "Token: clients bring one, as a bearer token over HTTP and as the password over the Redis protocol. None: whoever reaches the Service may use the cache. Metrics never need a token." }),
    secretName: withRules(
      z.string().max(253),
      [matches(`^${dnsName}$`, "must be the name of a Secret: a-z, 0-9, '-' and '.', beginning and ending with a letter or digit")],
      { description: "A Secret of your own in this namespace: the value of each key is a token. Absent: the operator makes one and names it in status.tokenSecret." },
    ).optional(),
  }),
  [
    {
      cel: "!has(self.secretName) || self.mode == 'Token'",
      message: "secretName is for mode Token; leave it out, or set mode to Token",
      fieldPath: ".secretName",
      test: ({ mode, secretName }) => secretName === undefined || mode === "Token",
    },
  ],
  { description: "Who may use the cache." },
).prefault({});
