// ETags are versions in quotes; If-Match and If-None-Match become the store's preconditions (RFC 9110, section 13).
import type { Slot, Store } from "../store/types.ts";
import type { Match, Precondition } from "../store/precondition.ts";
import { parseVersion, type Version } from "../store/version.ts";

const versionBytes = 24;
const scratch = Buffer.alloc(versionBytes);

/** Of the entry at `slot`: 24 lower-case hex digits. */
export const versionText = (store: Pick<Store, "writeVersion">, slot: Slot): string => scratch.toString("latin1", 0, store.writeVersion(slot, scratch, 0));

export const etagOf = (store: Pick<Store, "writeVersion">, slot: Slot): string => `"${versionText(store, slot)}"`;

const list = /^(?:W\/)?"[^"]*"(?:[ \t]*,[ \t]*(?:W\/)?"[^"]*")*$/;
const one = /(W\/)?"([^"]*)"/g;

/** undefined when the header is malformed. A tag that is none of ours matches nothing, which is not an error. */
const parseMatch = (header: string, allowWeak: boolean): Match | undefined => {
  const text = header.trim();
  if (text === "*") return "any";
  if (!list.test(text)) return undefined;
  const versions: Version[] = [];
  for (const [, weak, tag = ""] of text.matchAll(one)) {
    const version = weak && !allowWeak ? undefined : parseVersion(tag);
    if (version) versions.push(version);
  }
  return versions;
};

/** undefined when a header is malformed; no condition at all is an empty one. */
export const parsePrecondition = (ifMatch: string | undefined, ifNoneMatch: string | undefined): Precondition | undefined => {
  // If-Match compares strongly, so a weak tag never matches; If-None-Match compares weakly
  const match = ifMatch === undefined ? undefined : parseMatch(ifMatch, false);
  const noneMatch = ifNoneMatch === undefined ? undefined : parseMatch(ifNoneMatch, true);
  if ((ifMatch !== undefined && match === undefined) || (ifNoneMatch !== undefined && noneMatch === undefined)) return undefined;
  return { ...(match === undefined ? {} : { match }), ...(noneMatch === undefined ? {} : { noneMatch }) };
};
