// The settings that change without a restart: mounted as a directory and re-read by the responder.
import { renderRuntime, runtimeKey } from "#contract/runtime";
import { childName } from "#crds/names";
import type { Renderer } from "./context.ts";
import { child } from "./meta.ts";

export const runtimeConfig: Renderer = (context) => {
  const { logging, tracing, replication, replicas, autoscaling } = context.spec;
  // an autoscaler's number would change this file each time; discovery tells the pods how many they are
  return child(
    context,
    { apiVersion: "v1", kind: "ConfigMap", name: childName.runtime(context.name), component: "cache" },
    { data: { [runtimeKey]: renderRuntime({ logLevel: logging.level, requests: logging.requests, traceSampleRatio: tracing.sampleRatio, ack: replication.ack, ...(!autoscaling && { replicas }) }) } },
  );
};
