// Walks every structure of a store and recomputes what it keeps count of.
import { expect } from "vitest";
import { coldMsHighCounter, coldMsLow, coldNext, coldNode, coldPrev, coldWords, hotHash, hotMeta, hotNext, hotPrev, hotRef, hotValueBytes, hotWords, isDead, isLive, isOwn, keyBytesOf } from "../../../responder/store/columns.ts";
import { Digests } from "../../../responder/store/digest.ts";
import { accountedOwnBytes } from "../../../responder/store/own-buffers.ts";
import type { State } from "../../../responder/store/state.ts";
import { alike, atMost, same } from "../../support/same.ts";

const ref = (state: State, slot: number) => state.columns.hot[slot * hotWords + hotRef]!;
const meta = (state: State, slot: number) => state.columns.hot[slot * hotWords + hotMeta]!;
const liveSlots = (state: State) => Array.from({ length: state.columns.high }, (_, slot) => slot).filter((slot) => isLive(meta(state, slot)));

const checkIndex = (state: State, live: readonly number[]) => {
  const { columns, index } = state;
  const cells = [...index.entries()];
  same(cells.length, live.length);
  same(index.count, live.length);
  alike(new Set(cells.map((c) => c.slot)), new Set(live));
  for (const { slot, hash } of cells) {
    same(columns.hot[slot * hotWords + hotHash], hash);
    const page = state.slab.page(ref(state, slot));
    const at = state.slab.offset(ref(state, slot));
    const length = keyBytesOf(meta(state, slot));
    same(state.hash(page, at, at + length), hash);
    same(state.locate(page, at, at + length, hash), slot);
  }
};

const checkColumns = (state: State, live: readonly number[]) => {
  const { columns } = state;
  same(columns.count, live.length);
  const free = new Set<number>();
  for (let slot = columns["free"]; slot >= 0; slot = columns.hot[slot * hotWords + hotNext]!) {
    same(free.has(slot), false);
    same(isLive(meta(state, slot)), false);
    free.add(slot);
  }
  same(free.size + live.length, columns.high);
};

const checkSlab = (state: State, live: readonly number[]) => {
  const { slab } = state;
  const owners = new Set<number>();
  const freeByClass = slab.sizes.map(() => 0);
  let held = 0;
  for (let page = 0; page < slab.bytes.length; page++) {
    if (slab.bytes[page]!.length === 0) continue;
    held++;
    const c = slab["classOf"][page]!;
    if (c === 255) {
      expect(slab["pool"]).toContain(page);
      continue;
    }
    let used = 0;
    for (let at = 0; at < slab["bump"][page]!; at += slab.sizes[c]!) {
      const slot = slab["words"][page]![at >> 2]! - 1;
      if (slot < 0) continue;
      used++;
      owners.add(slot);
      same(ref(state, slot), (page << 16) | (at >> slab["unitShift"]));
    }
    same(slab["live"][page], used);
    expect(used).toBeGreaterThan(0);
    let free = Math.floor((slab["usable"] - slab["bump"][page]!) / slab.sizes[c]!);
    for (let unit = slab["freeHead"][page]!; unit >= 0; unit = slab["words"][page]![((unit << slab["unitShift"]) >> 2) + 1]!) free++;
    same(used + free, slab["perPage"][c]);
    freeByClass[c]! += free;
  }
  alike(owners, new Set(live));
  expect([...slab["freeChunks"]]).toEqual(freeByClass);
  same(slab["spareClasses"], freeByClass.filter((free, c) => free >= slab["perPage"][c]!).length);
  same(slab.pages, held);
  same(slab.pooled, slab["pool"].length);
  for (let c = 0; c < slab.sizes.length; c++) {
    let free = 0;
    for (let page = slab["partial"][c]!, before = -1; page >= 0; before = page, page = slab["after"][page]!) {
      same(slab["before"][page], before);
      same(slab["classOf"][page], c);
      free += slab["perPage"][c]! - slab["live"][page]!;
    }
    same(free, freeByClass[c]);
  }
};

const checkWheel = (state: State, live: readonly number[]) => {
  const { wheel, columns } = state;
  const found: number[] = [];
  wheel["heads"].forEach((head, bucket) => {
    same(((wheel["occupied"][bucket >> 5]! >>> (bucket & 31)) & 1) === 1, head >= 0);
    const span = 64 ** (bucket >> 6);
    for (let slot = head, before = -2 - bucket; slot >= 0; before = slot, slot = columns.cold[slot * coldWords + coldNext]!) {
      same(columns.cold[slot * coldWords + coldPrev], before);
      const digit = Math.floor(Math.max(columns.expiry[slot * 4 + 2]!, wheel["time"]) / span) % 64;
      if (span > 1 || columns.expiry[slot * 4 + 2]! >= wheel["time"]) same(digit, bucket & 63);
      found.push(slot);
    }
  });
  alike(found.toSorted((a, b) => a - b), live.filter((slot) => columns.expiry[slot * 4 + 2] !== 0));
  same(wheel.count, found.length);
};

const checkLists = (state: State, live: readonly number[], policy: string) => {
  if (policy === "NoEviction") return;
  const { hot } = state.columns;
  let heads = 0;
  for (const slot of live) {
    const [prev, next] = [hot[slot * hotWords + hotPrev]!, hot[slot * hotWords + hotNext]!];
    if (prev === -1) heads++;
    else same(hot[prev * hotWords + hotNext], slot);
    if (next !== -1) same(hot[next * hotWords + hotPrev], slot);
  }
  atMost(heads, policy === "LRU" ? 1 : 3);
  expect(heads).toBeGreaterThan(live.length === 0 ? -1 : 0);
};

const checkBytes = (state: State, live: readonly number[]) => {
  const own = live.filter((slot) => isOwn(meta(state, slot))).reduce((sum, slot) => sum + accountedOwnBytes(state.columns.hot[slot * hotWords + hotValueBytes]!), 0);
  const doomed = state.own["doomed"].reduce((sum, { bytes }) => sum + accountedOwnBytes(bytes.length), 0);
  same(state.own.bytes, own + doomed);
  same(state.own["values"].size, live.filter((slot) => isOwn(meta(state, slot))).length);
  same(state.index.bytes, state.index["cells"].byteLength + (state.index.growing ? state.index["old"].byteLength : 0));
  atMost(state.usedBytes(), state.limitBytes);
};

const checkTombstones = (state: State, dead: readonly number[]) => {
  const { hot } = state.columns;
  same(state.tombstones?.count ?? 0, dead.length);
  same(state.tombstones?.bytes ?? 0, dead.reduce((sum, slot) => sum + state.weight(slot), 0));
  for (const slot of dead) {
    const [prev, next] = [hot[slot * hotWords + hotPrev]!, hot[slot * hotWords + hotNext]!];
    if (prev !== -1) same(hot[prev * hotWords + hotNext], slot);
    if (next !== -1) same(hot[next * hotWords + hotPrev], slot);
  }
  atMost(dead.filter((slot) => hot[slot * hotWords + hotPrev] === -1).length, dead.length === 0 ? 0 : 2);
};

const checkDigests = (state: State, taken: readonly number[]) => {
  if (!state.journal) return;
  const fresh = new Digests();
  const { cold, hot } = state.columns;
  for (const slot of taken) fresh.toggle(hot[slot * hotWords + hotHash]!, cold[slot * coldWords + coldMsLow]!, cold[slot * coldWords + coldMsHighCounter]!, cold[slot * coldWords + coldNode]!);
  same(Buffer.from(state.digests.words.buffer).equals(Buffer.from(fresh.words.buffer)), true);
};

export const checkState = (state: State, policy: string): void => {
  const live = liveSlots(state);
  const dead = live.filter((slot) => isDead(meta(state, slot)));
  const shown = live.filter((slot) => !isDead(meta(state, slot)));
  checkTombstones(state, dead);
  checkDigests(state, live);
  checkColumns(state, live);
  checkIndex(state, live);
  checkSlab(state, live);
  checkWheel(state, live);
  checkLists(state, shown, policy);
  checkBytes(state, live);
};
