// Turns the body of a watch (one JSON document a line) into events.
import type { KubeObject } from "../objects.ts";
import type { ApiFailure } from "./errors.ts";
import { failureOfEvent } from "./errors.ts";
import type { WatchEvent } from "./types.ts";

interface RawEvent {
  type?: string;
  object?: KubeObject;
}

/** Yields whole lines of a UTF-8 stream; a last line without its end is dropped: the connection was cut inside it. */
export async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter((line) => line !== "");
  }
}

/** The event of one line, or why the watch is over. */
export const parseEvent = (line: string): WatchEvent | ApiFailure => {
  let event: RawEvent;
  try {
    event = JSON.parse(line) as RawEvent;
  } catch {
    return { kind: "unknown", status: 200, reason: "", detail: "the watch sent a line that is not JSON" };
  }
  const { type, object } = event;
  if (type === "ERROR") return failureOfEvent(object);
  if (!object?.metadata) return { kind: "unknown", status: 200, reason: "", detail: "the watch sent an event without an object" };
  if (type === "BOOKMARK") return { type, resourceVersion: object.metadata.resourceVersion ?? "" };
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") return { type, object };
  return { kind: "unknown", status: 200, reason: "", detail: "the watch sent an event of an unknown type" };
};
