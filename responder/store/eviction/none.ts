// Nothing goes: a full store refuses writes.
import type { Eviction } from "./eviction.ts";

export const noEviction: Eviction = {
  tableBytes: 0,
  wantedBytes: 0,
  isPressing: false,
  grow: () => {},
  added: () => {},
  used: () => {},
  reweighed: () => {},
  removed: () => {},
  victim: () => -1,
  rank: () => 0,
  cleared: () => {},
};
