// Plays a schedule, heals everything, and checks what must hold at the end and all the time.
import { maxAheadMs } from "../../../responder/replication/hub.ts";
import { createHistory, heldVersion, read, versionText, type Issued } from "./history.ts";
import { startNode, type Node } from "./node.ts";
import type { Action, Schedule } from "./schedule.ts";
import { createWorld } from "./world.ts";

/** After everything is healed, so much virtual time for all to be alike. */
const settleMs = 60_000;
const warmupMs = 5_000;
const roomyBytes = 8 * 2 ** 20;
const spare = { least: 0.2, most: 3 };

export interface Outcome {
  readonly operations: number;
  /** Milliseconds of virtual time until all were alike. */
  readonly settledMs: number;
  readonly evicted: boolean;
}

/** Throws an Error that says what must not be. */
export const simulate = (schedule: Schedule): Outcome => {
  const world = createWorld(schedule.seed);
  const history = createHistory();
  const names = Array.from({ length: schedule.nodes }, (_, i) => `n${i}`);
  const keys = Array.from({ length: schedule.keys }, (_, i) => `${i % 3}/k${i}`);
  const nodes: (Node | undefined)[] = [];
  /** Where entries made room, or deletions were forgotten: there anything may be missing, and nothing else. */
  const forgetful = new Set<Node>();
  const evicts = new Set<Node>();
  /** Where deletions were forgotten: peers may have to drop what they cannot tell from a deleted entry. */
  let forgotDeletions = false;
  const wasSkewed = new Set<Node>();
  let values = 0;
  let boots = 0;

  const start = (i: number) => {
    nodes[i] = startNode({
      world,
      name: names[i]!,
      names,
      boot: ++boots,
      maxBytes: schedule.roomy && i === 0 ? roomyBytes : schedule.maxBytes,
      evictionPolicy: schedule.policy,
      retentionMs: schedule.retentionMs,
      warmupMs,
      ...(schedule.sameNode && { nodeId: 7 }),
    });
  };
  names.forEach((_, i) => start(i));
  const alive = () => nodes.filter((node): node is Node => node !== undefined);
  const pick = (n: number): Node | undefined => {
    const node = nodes[n % names.length];
    // clients reach neither one that is not ready nor one that stands still
    return node?.isReady && node.host.pausedUntil <= world.now() ? node : undefined;
  };
  const keyOf = (n: number) => keys[n % keys.length]!;

  const check = () => {
    for (const node of alive()) {
      const { usedBytes, limitBytes, evictedForEntries, evictedForMemory } = node.store.stats();
      // a store that is flushed makes its new table before the old one has gone back
      if (usedBytes > limitBytes + 16_384) throw new Error(`${node.name} takes ${usedBytes} bytes of ${limitBytes}`);
      if (evictedForEntries + evictedForMemory > 0 || node.wasFull) {
        forgetful.add(node);
        evicts.add(node);
      }
      // one whose own clock is right draws no version that others would not take
      if (!wasSkewed.has(node) && node.store.replica.latestMs > node.store.now() + maxAheadMs) throw new Error(`${node.name} was drawn ${node.store.replica.latestMs - node.store.now()} ms ahead`);
      if (!node.isReady) continue;
      for (const key of keys) history.look(node, key);
    }
  };
  /** Deletions that were forgotten, and with them perhaps entries that nobody deleted. */
  const noteFloors = (node: Node) => {
    const { deletion, eviction } = node.store.replica.floors;
    forgotDeletions ||= deletion.some((ms) => ms > 0);
    if (forgotDeletions || eviction.some((ms) => ms > 0)) forgetful.add(node);
  };

  const put = (node: Node, key: string, value: string, ttlMs: number): Issued | undefined => {
    const bytes = Buffer.from(key);
    const content = Buffer.from(value, "latin1");
    const expiresAt = ttlMs === 0 ? 0 : node.store.now() + ttlMs;
    const outcome = node.store.put(bytes, 0, bytes.length, content, 0, content.length, expiresAt);
    if (outcome < 0) {
      if (schedule.policy !== "NoEviction") throw new Error(`${node.name} does not take a write`);
      forgetful.add(node);
      return undefined;
    }
    const found = read(node, key);
    if (found?.value !== value) throw new Error(`${node.name} does not show what it has just taken`);
    return history.issue(node, key, found.version, value, expiresAt);
  };
  const fresh = (bytes: number) => `${values++}:${"v".repeat(bytes)}`;
  const lastVersion = (node: Node, key: string): string => {
    const held = heldVersion(node, key);
    if (held === undefined) throw new Error(`${node.name} keeps no tombstone of ${key}`);
    return held;
  };

  const cut = (kind: Extract<Action, { do: "cut" }>["kind"], at: number) => {
    const n = names.length;
    const between = (a: number, b: number) => {
      world.block(names[a % n]!, names[b % n]!);
      world.block(names[b % n]!, names[a % n]!);
    };
    if (kind === "one") between(at, at + 1);
    else if (kind === "oneWay") world.block(names[at % n]!, names[(at + 1) % n]!);
    else if (kind === "isolate") for (let i = 1; i < n; i++) between(at, at + i);
    else if (kind === "ring") for (let i = 0; i < n; i++) between(i, i + 2);
    // two halves that only one node sees both of
    else if (kind === "bridge") for (let i = 1; i < n - 1; i++) between(at + i, at + n - 1);
    else for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) between(a, b);
  };

  const stop = (i: number, downMs: number) => {
    const node = nodes[i];
    if (!node) return;
    noteFloors(node);
    world.kill(node.host);
    history.lost(node);
    nodes[i] = undefined;
    const at = world.now() + downMs;
    restarts.push({ i, at });
  };
  const restarts: { i: number; at: number }[] = [];
  const pass = (ms: number) => {
    const until = world.now() + ms;
    while (true) {
      restarts.sort((a, b) => a.at - b.at);
      const next = restarts[0];
      if (!next || next.at > until) break;
      restarts.shift();
      world.run(Math.max(0, next.at - world.now()));
      start(next.i);
    }
    world.run(Math.max(0, until - world.now()));
  };

  const play = (action: Action) => {
    switch (action.do) {
      case "put": {
        const node = pick(action.node);
        if (node) put(node, keyOf(action.key), fresh(action.bytes), action.ttlMs);
        return;
      }
      case "putAll": {
        const node = pick(action.node);
        const issued = node && put(node, keyOf(action.key), fresh(5), 0);
        if (!node || !issued) return;
        const peers = node.replication.members.filter((member) => member.phase !== "warming").map((member) => nodes.find((each) => each?.name === member.identity.host && each.host.isAlive));
        node.replication.wait(node.replication.position(), Infinity, 3_000, ({ acknowledged, of, met }) => {
          if (!met || acknowledged !== of || of < peers.length) return;
          // who has acknowledged it holds it as long as it lives
          for (const peer of peers) if (peer?.host.isAlive) issued.holders.add(peer);
        });
        return;
      }
      case "delete": {
        const node = pick(action.node);
        if (!node) return;
        const key = keyOf(action.key);
        const bytes = Buffer.from(key);
        node.store.delete(bytes, 0, bytes.length);
        if (node.store.stats().tombstones > 0 && heldVersion(node, key) !== undefined) history.issue(node, key, lastVersion(node, key), undefined, 0);
        return;
      }
      case "expire": {
        const node = pick(action.node);
        if (!node) return;
        const key = keyOf(action.key);
        const bytes = Buffer.from(key);
        const slot = node.store.peek(bytes, 0, bytes.length);
        if (slot < 0) return;
        const { value } = read(node, key)!;
        const expiresAt = action.ttlMs === 0 ? 0 : node.store.now() + action.ttlMs;
        node.store.expire(slot, expiresAt);
        history.issue(node, key, versionText(node.store.version(slot)), value, expiresAt);
        return;
      }
      case "deleteRange":
      case "flush": {
        const node = pick(action.node);
        if (!node) return;
        const prefix = action.do === "flush" ? "" : action.prefix === 3 ? "" : `${action.prefix}/`;
        if (action.do === "flush") node.store.clear();
        else node.store.deleteRange(Buffer.from(prefix)).step();
        const range = node.store.replica.ranges.at(-1);
        if (range) history.issueRange(node, prefix, versionText(range.version));
        return;
      }
      case "flood": {
        const node = pick(action.node);
        if (!node) return;
        for (let i = 0; i < action.count; i++) {
          const key = Buffer.from(`flood ${values++}`);
          node.store.put(key, 0, key.length, Buffer.alloc(action.bytes), 0, action.bytes, 0);
        }
        return;
      }
      case "bury": {
        const node = pick(action.node);
        if (!node) return;
        for (let i = 0; i < action.count; i++) {
          const key = Buffer.from(`buried ${values++} ${"x".repeat(100)}`);
          node.store.delete(key, 0, key.length);
        }
        return;
      }
      case "wait":
        return pass(action.ms);
      case "cut":
        return cut(action.kind, action.node % names.length);
      case "heal":
        return world.heal();
      case "reset":
        return world.reset(names[action.node % names.length]!, names[action.other % names.length]!);
      case "kill":
        return stop(action.node % names.length, action.downMs);
      case "leave": {
        const node = pick(action.node);
        if (!node) return;
        void node.replication.leave(500);
        pass(600);
        return stop(action.node % names.length, action.downMs);
      }
      case "pause": {
        const node = nodes[action.node % names.length];
        if (node) node.host.pausedUntil = Math.max(node.host.pausedUntil, world.now() + action.ms);
        return;
      }
      case "skew": {
        const node = nodes[action.node % names.length];
        // a clock that is set back does not take time back that was already told
        if (!node) return;
        node.skewMs = action.ms;
        wasSkewed.add(node);
        return;
      }
      case "slow":
        world.latency.most = spare.most + action.ms;
    }
  };

  pass(1_500);
  for (const action of schedule.actions) {
    play(action);
    // some things happen before anything else can
    if (world.random() < 0.7) pass(world.random() * 5);
    check();
  }

  world.heal();
  world.latency.most = spare.most;
  for (const node of alive()) node.skewMs = 0;
  const healedAt = world.now();
  const isAlike = () => {
    const all = alive();
    if (all.length < names.length || all.some((node) => !node.isReady || node.replication.connected < names.length - 1 || node.replication.queued > 0)) return false;
    const [first, ...rest] = all.map((node) => node.store.replica.digests.root().join());
    return rest.every((root) => root === first);
  };
  let lasted = 0;
  do {
    pass(500);
    check();
    for (const node of alive()) noteFloors(node);
    lasted = world.now() - healedAt;
  } while ((forgetful.size > 0 ? lasted < settleMs / 2 : !isAlike()) && lasted < settleMs);

  const all = alive();
  if (forgetful.size === 0 && !isAlike()) {
    const told = all.map((node) => `${node.name}: ready ${node.isReady}, ${node.replication.connected} connected, ${node.replication.queued} queued, root ${node.store.replica.digests.root().join()}`);
    throw new Error(`not alike after ${lasted} ms: ${told.join("; ")}`);
  }
  for (const key of keys) {
    const latest = history.latest(key);
    const held = all.map((node) => read(node, key));
    const versions = new Set(held.flatMap((each) => (each ? [each.version] : [])));
    if (versions.size > 1) throw new Error(`${key} has ${versions.size} versions: ${[...versions].join(" ")}`);
    for (const [i, each] of held.entries()) {
      if (each && latest && each.version < latest.version) throw new Error(`${all[i]!.name} shows ${key} at ${each.version}, but ${latest.version} (${latest.value === undefined ? "a deletion" : "a write"}) came later`);
      if (each || !latest || latest.value === undefined) continue;
      // who had it and makes no room still has it, whatever the others do
      if (forgetful.size > 0 && (forgotDeletions || evicts.has(all[i]!) || !latest.holders.has(all[i]!))) continue;
      if (latest.expiresAt === 0 && !history.mayBeGone(latest)) throw new Error(`${all[i]!.name} has lost ${key}, written at ${latest.version}`);
    }
  }
  return { operations: history.operations, settledMs: lasted, evicted: forgetful.size > 0 };
};
