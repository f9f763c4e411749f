// What clients did and saw, and whether it may be so.
import { formatVersion, type Version } from "../../../responder/store/version.ts";
import type { Node } from "./node.ts";

/** Text order is version order. */
export interface Issued {
  readonly key: string;
  readonly version: string;
  /** undefined: a deletion. */
  readonly value: string | undefined;
  /** 0: never. */
  readonly expiresAt: number;
  /** Starts of processes that have had it, and live: as long as there is one, it counts. */
  readonly holders: Set<Node>;
}

export interface History {
  issue(node: Node, key: string, version: string, value: string | undefined, expiresAt: number): Issued;
  /** Everything under the prefix that is older is deleted. */
  issueRange(node: Node, prefix: string, version: string): void;
  /** Looks at a key of a node as a client would, and at what the store holds of it. Throws when it may not be so. */
  look(node: Node, key: string): void;
  /** The process is gone. */
  lost(node: Node): void;
  /** The latest write or deletion of the key that must be known to all. */
  latest(key: string): Issued | undefined;
  /** Something later that leaves no entry in the end, which a pod now gone may have told others before. */
  mayBeGone(latest: Issued): boolean;
  readonly operations: number;
}

export const versionText = (version: Version): string => formatVersion(version);

export const heldVersion = ({ store }: Node, key: string): string | undefined => {
  const bytes = Buffer.from(key);
  const slot = store.replica.locate(bytes, 0, bytes.length);
  return slot < 0 || store.replica.kind(slot) === undefined ? undefined : versionText(store.version(slot));
};

export interface Seen {
  readonly version: string;
  readonly value: string;
  readonly expiresAt: number;
}

export const read = ({ store }: Node, key: string): Seen | undefined => {
  const bytes = Buffer.from(key);
  const slot = store.find(bytes, 0, bytes.length);
  if (slot < 0) return undefined;
  const value = Buffer.alloc(store.valueBytes(slot));
  store.copyValue(slot, value, 0);
  return { version: versionText(store.version(slot)), value: value.toString("latin1"), expiresAt: store.expiresAt(slot) };
};

export const createHistory = (): History => {
  const byKey = new Map<string, Map<string, Issued>>();
  const ranges: { prefix: string; version: string; holders: Set<Node> }[] = [];
  /** By node and key: the latest version that was held. */
  const seen = new Map<Node, Map<string, string>>();
  let operations = 0;

  const note = (node: Node, key: string, version: string) => {
    const of = seen.get(node) ?? new Map<string, string>();
    seen.set(node, of);
    const before = of.get(key);
    if (before !== undefined && before > version) throw new Error(`${node.name} went back: ${key} was at ${before} and is at ${version}`);
    of.set(key, version);
  };

  return {
    get operations() {
      return operations;
    },
    issue: (node, key, version, value, expiresAt) => {
      operations++;
      const issued: Issued = { key, version, value, expiresAt, holders: new Set([node]) };
      const of = byKey.get(key) ?? new Map<string, Issued>();
      if (of.has(version)) throw new Error(`two writes of ${key} have the version ${version}`);
      of.set(version, issued);
      byKey.set(key, of);
      note(node, key, version);
      return issued;
    },
    issueRange: (node, prefix, version) => {
      operations++;
      ranges.push({ prefix, version, holders: new Set([node]) });
    },
    look: (node, key) => {
      operations++;
      const held = heldVersion(node, key);
      const found = read(node, key);
      if (held !== undefined) note(node, key, held);
      if (!found) return;
      note(node, key, found.version);
      const issued = byKey.get(key)?.get(found.version);
      if (!issued || issued.value !== found.value) throw new Error(`${node.name} shows a value of ${key} that nobody wrote: ${JSON.stringify(found)}`);
      if (issued.expiresAt !== found.expiresAt) throw new Error(`${node.name} shows ${key} with another expiry`);
      if (found.expiresAt !== 0 && found.expiresAt <= node.store.now()) throw new Error(`${node.name} shows ${key} after its time`);
    },
    lost: (node) => {
      seen.delete(node);
      for (const of of byKey.values()) for (const issued of of.values()) issued.holders.delete(node);
      for (const { holders } of ranges) holders.delete(node);
    },
    mayBeGone: ({ key, version }) =>
      [...(byKey.get(key)?.values() ?? [])].some((later) => later.version > version && (later.value === undefined || later.expiresAt !== 0)) ||
      ranges.some((range) => range.version > version && key.startsWith(range.prefix)),
    latest: (key) => {
      let last: Issued | undefined;
      for (const issued of byKey.get(key)?.values() ?? []) if (issued.holders.size > 0 && (last === undefined || issued.version > last.version)) last = issued;
      for (const { prefix, version, holders } of ranges) {
        if (holders.size > 0 && key.startsWith(prefix) && (last === undefined || version > last.version)) last = { key, version, value: undefined, expiresAt: 0, holders };
      }
      return last;
    },
  };
};
