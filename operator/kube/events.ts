// Events about a KVResponder: at most one per object, reason and note in ten minutes, and a bounded rate per object. One that cannot be written hurts nobody.
import type { Clock } from "#lib/clock";
import { about, type Log } from "../log.ts";
import { requestOf, type KubeObject } from "../objects.ts";
import type { Announcement } from "../reconcile/announce.ts";
import type { Kind } from "../kinds.ts";
import type { KubeClient } from "./types.ts";

const eventKind: Kind = { group: "events.k8s.io", version: "v1", kind: "Event", plural: "events" };
const quietMs = 600_000;
/** Per object, for notes that differ each time: so many at once, then one in so long (client-go's numbers). */
const burst = 25;
const refillMs = 300_000;
/** Bound of what is remembered, in each of two maps; the oldest goes first, and may then be told twice. */
const remembered = 2_048;
/** The API server's bound of a note is 1,024 bytes. */
const longestNote = 1_024;

export interface EventsDeps {
  readonly client: Pick<KubeClient, "create">;
  readonly clock: Clock;
  readonly log: Log;
  /** Who reports: the pod's or machine's name. */
  readonly instance: string;
}

export interface Events {
  /** Returns at once. */
  announce(object: KubeObject, announcement: Announcement): void;
}

export const createEvents = ({ client, clock, log, instance }: EventsDeps): Events => {
  /** What was told -> when. */
  const told = new Map<string, number>();
  /** Object -> what it may still tell. */
  const allowances = new Map<string, { readonly tokens: number; readonly at: number }>();
  let count = 0;

  const isAllowed = (uid: string): boolean => {
    const now = clock.monotonic();
    const { tokens, at } = allowances.get(uid) ?? { tokens: burst, at: now };
    const left = Math.min(burst, tokens + (now - at) / refillMs);
    remember(allowances, uid, { tokens: left < 1 ? left : left - 1, at: now });
    return left >= 1;
  };

  const isNews = (key: string): boolean => {
    const before = told.get(key);
    if (before !== undefined && clock.monotonic() - before < quietMs) return false;
    remember(told, key, clock.monotonic());
    return true;
  };

  const body = ({ apiVersion, kind, metadata }: KubeObject, { type, reason, note }: Announcement): KubeObject => {
    const { name, namespace = "", uid = "" } = metadata;
    const time = new Date(clock.wall());
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: `${name}.${time.getTime().toString(16)}-${(count++).toString(16)}`, namespace },
      // MicroTime
      eventTime: time.toISOString().replace("Z", "000Z"),
      reportingController: "kvresponder.io/operator",
      reportingInstance: instance.slice(0, 128),
      action: "Reconcile",
      type,
      reason,
      note: cut(note, longestNote),
      regarding: { apiVersion, kind, name, namespace, uid },
    };
  };

  return {
    announce(object, announcement) {
      const { uid = "" } = object.metadata;
      const facts = { ...about(requestOf(object)), reason: announcement.reason };
      if (!isNews(`${uid}/${announcement.reason}/${announcement.note}`)) return;
      if (!isAllowed(uid)) {
        log.debug(facts, "event not written: too many about this resource");
        return;
      }
      void client.create(eventKind, body(object, announcement)).catch((err: unknown) => log.debug({ ...facts, err }, "event not written"));
    },
  };
};

/** At most so many bytes of UTF-8, without half a character at the end. */
const cut = (text: string, bytes: number): string => {
  const all = Buffer.from(text);
  return all.length <= bytes ? text : new TextDecoder().decode(all.subarray(0, bytes), { stream: true });
};

/** Keeps the newest entries. */
const remember = <V>(map: Map<string, V>, key: string, value: V): void => {
  map.delete(key);
  map.set(key, value);
  const oldest = map.size > remembered ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
};
