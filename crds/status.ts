// KVResponder's status: written only by the operator, read by kubectl, kstatus, Argo CD and the scale subresource.
import { z } from "zod";
import type { Condition } from "./conditions.ts";

const count = (description: string) => z.int32().min(0).optional().meta({ description });
const text = (description: string, max = 253) => z.string().max(max).optional().meta({ description });

const condition = z.object({
  type: z.string().max(64).meta({ description: "See docs/status-conditions.md." }),
  status: z.enum(["True", "False", "Unknown"]).meta({ description: "Whether it holds." }),
  reason: z.string().min(1).max(64).meta({ description: "Why, in one word." }),
  message: z.string().max(1024).meta({ description: "Why, for people." }),
  observedGeneration: z.int().min(0).meta({ description: "The generation that this condition speaks of." }),
  lastTransitionTime: z.string().max(32).meta({ format: "date-time", description: "When status last changed." }),
});

export const statusSchema = z
  .object({
    // -1 until the first visit, so that kstatus, Flux and Argo CD never flash Healthy
    observedGeneration: z.int().min(-1).default(-1).meta({ description: "The generation that this status speaks of; -1 before the first." }),
    tenant: text("The effective tenant.", 63),
    conditions: z
      .array(condition)
      .max(16)
      .optional()
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"], description: "Ready, Reconciling, Stalled and one for each thing we manage." }),
    replicas: count("Pods that exist."),
    readyReplicas: count("Pods that are ready."),
    ready: text("Ready pods of those asked for, as in 2/3, for the READY column.", 16),
    peers: text("Peers that the least connected ready pod exchanges changes with, of those that each should have, as in 2/2. Absent while no ready pod has said so.", 16),
    selector: text("Label selector of the pods, for the scale subresource."),
    endpoints: z
      .object({ http: text("URL of the HTTP API, as in http://SERVICE.NAMESPACE.svc."), resp: text("URL for Redis clients, as in redis://SERVICE.NAMESPACE.svc:6379; absent while spec.protocols.resp is off."), metrics: text("Address of the management endpoint, as in SERVICE.NAMESPACE.svc:9090.") })
      .optional()
      .meta({ description: "Where clients find it, inside the cluster." }),
    tokenSecret: text("Secret whose key token holds the token to use (your own Secret when spec.auth.secretName is set). Absent: no token is asked for."),
    tokenRotation: z
      .object({
        requested: text("Value of the annotation kvresponder.io/rotate-token that was heeded last, cut to 128 characters.", 128),
        next: text("Secret with the new token. Every pod accepts it by the time in until; then it becomes tokenSecret."),
        previous: text("Secret with the old token, which is accepted until the time in until."),
        until: z.string().max(32).optional().meta({ format: "date-time", description: "When this step of the rotation ends." }),
      })
      .optional()
      .meta({ description: "The change from one token to the next." }),
    version: text("Version of the operator that wrote this status.", 64),
  })
  .meta({ description: "What is. Written by the operator." });

export interface TokenRotation {
  requested?: string;
  next?: string;
  previous?: string;
  until?: string;
}

export interface Status {
  observedGeneration: number;
  tenant?: string;
  conditions?: Condition[];
  replicas?: number;
  readyReplicas?: number;
  ready?: string;
  peers?: string;
  selector?: string;
  endpoints?: { http: string; resp?: string; metrics: string };
  tokenSecret?: string;
  tokenRotation?: TokenRotation;
  version?: string;
}
