// Replication of one pod: who its peers are, the links to and from them, and what keeps them alike.
import type { Clock, Timers } from "#lib/clock";
import type { Log } from "#telemetry/logger";
import type { Tracing } from "#telemetry/tracing";
import { createDialler } from "../peers/dialler.ts";
import type { Identity } from "../peers/identity.ts";
import { createMembership, type Member, type Phase } from "../peers/membership.ts";
import type { Conn, ConnHandlers, Network } from "../peers/network.ts";
import type { PeerAddress, PeerSource } from "../peers/source.ts";
import type { Store } from "../store/types.ts";
import { createWaiters } from "./acks.ts";
import { frameType } from "./frames.ts";
import type { Realm } from "./handshake.ts";
import { strangers } from "./heartbeat.ts";
import type { Hub } from "./hub.ts";
import type { PeersJournal } from "./journal.ts";
import type { Observer } from "./observer.ts";
import type { AckLevel, Replication } from "./port.ts";
import { createReceiver, type Receiver } from "./receiver.ts";
import { createReconciled } from "./reconciled.ts";
import { createRepair } from "./repair.ts";
import { createReport } from "./report.ts";
import { createSender, scratchBytes, type Sender } from "./sender.ts";
import { createSnapshots, readSnapshotEnd } from "./snapshot.ts";
import { createWarmup, type Warmup } from "./warmup.ts";

const heartbeatMs = 1_000;
const checkMs = 500;
const doubled = "connected already, by another address";
/** How often a leaving pod looks whether its peers have everything. */
const leaveTickMs = 20;

export interface ReplicationDeps {
  readonly store: Store;
  /** The one that the store was made with. */
  readonly journal: PeersJournal;
  readonly realm: Realm;
  /** Read each time: the port may become known later. */
  readonly identity: Omit<Identity, "node">;
  readonly node: number;
  readonly key: Buffer;
  readonly source: PeerSource;
  readonly network: Network;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly nonce: () => Buffer;
  /** Runs once, after this turn's work. */
  readonly defer: (run: () => void) => void;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly observer: Observer;
  /** Reads the store's clock. */
  readonly tick: () => void;
  /** How busy this pod is, 0 to 1000: newcomers ask whoever is least. */
  readonly load: () => number;
  readonly level: () => AckLevel;
  readonly warmupMs: number;
  /** Peers that there should be; undefined: nobody has said. */
  readonly expected?: () => number | undefined;
}

export interface ReplicationProcess extends Replication {
  start(): void;
  /** Gives the one who uses a connection that a peer dialled. */
  accept(conn: Conn): ConnHandlers;
  readonly warmup: Warmup;
  /** Most of the peers that can be heard find our clock ahead. */
  readonly isAhead: boolean;
  /** Most of them are ahead of our clock, which may have been set right since this process started. */
  readonly isBehind: boolean;
  readonly members: readonly Member[];
  /** Peers that can be heard, over a connection in either direction. */
  readonly connected: number;
  /** Addresses that discovery knows, without our own. */
  readonly listed: number;
  /** Records that are not acknowledged yet, of all peers together. */
  readonly queued: number;
  /** Hands over what peers have not got, for at most so long, says good-bye and closes. Resolves with the records that were left. */
  leave(ms: number): Promise<number>;
}

export const createReplication = (deps: ReplicationDeps): ReplicationProcess => {
  const { store, journal, timers, clock, random, log, observer } = deps;
  const report = createReport(log, clock);
  const scratch = Buffer.allocUnsafeSlow(scratchBytes);
  let node = deps.node;
  let phase: Phase = "warming";
  let isAwake = false;
  const senders = new Map<Member, Sender>();
  const receivers = new Map<Member, Set<Receiver>>();
  const senderOf = (member: Member): Sender | undefined => senders.get(member);
  const identity = (): Identity => ({ ...deps.identity, node });

  const members = createMembership({
    self: identity,
    now: clock.monotonic,
    isListed: ({ host, port }) => dialler.isListed({ host, port }),
    onChange: (member, before) => {
      report.changed(member, before);
      if (member.state === "left") forget(member);
      repair.soon();
      waiters.check();
    },
  });
  const waiters = createWaiters({ timers, members: () => members.members.filter((member) => member.phase !== "warming") });
  const reconciled = createReconciled(store.now());

  const flush = () => {
    isAwake = false;
    for (const sender of senders.values()) sender.flush();
    if (snapshots.size > 0) snapshots.step();
  };
  const hub: Hub = {
    realm: deps.realm,
    key: deps.key,
    store,
    clock,
    timers,
    random,
    nonce: deps.nonce,
    log,
    tracing: deps.tracing,
    observer,
    members,
    reconciled,
    waiters,
    identity,
    redrawNode: () => {
      node = Math.floor(random() * 2 ** 32);
      store.replica.setNode(node);
      log.warn({ node }, "node id was taken; another one is drawn");
    },
    phase: () => phase,
    load: deps.load,
    tick: deps.tick,
    applied: new Map(),
    wake: () => {
      if (isAwake) return;
      isAwake = true;
      deps.defer(flush);
    },
    relay: (slot) => snapshots.relay(slot),
  };
  const repair = createRepair({ hub, senderOf, onRepaired: report.repaired });
  const snapshots = createSnapshots({ hub, senderOf });

  const forget = (member: Member) => {
    senders.get(member)?.close("the peer has left");
    for (const receiver of receivers.get(member) ?? []) receiver.close("the peer has left");
    repair.forget(member);
    snapshots.forget(member);
  };

  const onAnswer = (member: Member, type: number, reader: Parameters<typeof repair.onAnswer>[2]) => {
    if (type === frameType.snapshotRefused) warmup.onRefused(member);
    else repair.onAnswer(member, type, reader);
  };
  const dialler = createDialler({
    timers,
    random,
    dial: (address: PeerAddress, events) => {
      const sender: Sender = createSender({
        hub,
        network: deps.network,
        address,
        scratch,
        onAnswer,
        events: {
          onReady: (member) => {
            // one connection each way: of two addresses of one peer, the first one stands
            if (senders.get(member)?.isReady) return sender.close(doubled);
            senders.set(member, sender);
            // where it answers, nobody else does any more
            for (const other of members.members) if (other !== member && other.identity.host === address.host && other.identity.port === address.port) members.leave(other, "replaced");
            report.linkUp(member, address);
            events.onReady();
          },
          onEnd: (reason, refusal) => {
            const { member } = sender;
            if (member && senders.get(member) === sender) senders.delete(member);
            if ((member && reason !== doubled) || refusal) report.linkDown(member, address, reason);
            if (member && !senders.has(member)) snapshots.forget(member);
            waiters.check();
            events.onEnd(refusal === "self" ? "self" : reason === doubled ? "doubled" : "failed");
          },
        },
      });
      return { close: (reason) => sender.close(reason) };
    },
  });
  const warmup = createWarmup({
    hub,
    timeoutMs: deps.warmupMs,
    senderOf,
    isSettled: () => dialler.isSettled,
    isLonely: () => dialler.listed === 0 && (deps.expected?.() ?? 0) > 0,
    onEnd: (how, ms) => {
      if (phase === "warming") phase = "serving";
      const facts = { how, durationMs: Math.round(ms), entries: store.stats().entries };
      if (how === "timedOut") log.warn(facts, "warm-up took too long; serving with what is there");
      else log.info(facts, "warmed up");
      repair.soon();
      for (const sender of senders.values()) sender.heartbeat();
    },
  });

  const accept = (conn: Conn): ConnHandlers => {
    const receiver: Receiver = createReceiver({
      hub,
      conn,
      onHeartbeat: (from, member, beat) => {
        // this is the connection that it uses: what is still on its way over an older one will be sent again over this one
        for (const older of receivers.get(member) ?? []) if (older !== from) older.close("replaced by a newer connection");
        for (const { host, port } of strangers(beat, hub)) dialler.suggest({ host, port });
      },
      onRequest: (from, member, type, reader) => {
        if (type === frameType.snapshotRequest) {
          if (phase !== "serving" || !snapshots.begin(member)) from.send(frameType.snapshotRefused);
          else snapshots.step();
        } else if (type === frameType.snapshotEnd) warmup.onSnapshotEnd(member, readSnapshotEnd(reader));
        else if (type === frameType.fetch) {
          const key = reader.raw(reader.left);
          const slot = store.replica.locate(key, 0, key.length);
          if (slot >= 0) member.backlog.mark(slot);
          if (slot >= 0) hub.wake();
        } else repair.onRequest(from, member, type, reader);
      },
      events: {
        onReady: (member) => {
          const all = receivers.get(member) ?? new Set();
          all.add(receiver);
          receivers.set(member, all);
          // who calls wants to be called
          const { host, port } = member.identity;
          dialler.suggest({ host, port });
        },
        onEnd: () => {
          const { member } = receiver;
          const all = member && receivers.get(member);
          all?.delete(receiver);
          if (member && all?.size === 0) receivers.delete(member);
        },
      },
    });
    return receiver.handlers;
  };

  journal.attach({ members, reconciled, senders: () => senders.values(), node: () => node, hasStrangers: () => dialler.hasStrangers, wake: hub.wake, now: clock.monotonic });

  /** More than half of those that can be heard. */
  const most = (is: (member: Member) => boolean): boolean => {
    const heard = members.members.filter((member) => member.state === "joined");
    return heard.filter(is).length * 2 > heard.length;
  };
  const queued = (): number => members.members.reduce((sum, { backlog }) => sum + backlog.dirty + backlog.sent, 0);
  /** Of those that were heard a moment ago: a connection that is lost is made again. */
  const awaited = (): number => members.members.reduce((sum, { state, backlog }) => (state === "joined" ? sum + backlog.dirty + backlog.sent : sum), 0);
  const cancels: (() => void)[] = [];
  const stop = () => {
    for (const cancel of cancels) cancel();
    deps.source.stop();
    for (const sender of senders.values()) {
      observer.message("leave", "out");
      sender.send(frameType.leave);
      sender.close("leaving", true);
    }
    dialler.stop();
    for (const all of receivers.values()) for (const receiver of all) receiver.close("leaving");
  };

  return {
    level: deps.level,
    position: () => store.replica.changes,
    peers: waiters.peers,
    acknowledged: waiters.acknowledged,
    wait: waiters.wait,
    within: journal.within,
    fetch: (key) => {
      for (const sender of senders.values()) if (sender.isReady) sender.send(frameType.fetch, key);
    },
    accept,
    get warmup() {
      return warmup.state;
    },
    get isAhead() {
      return most((member) => member.findsUsAhead);
    },
    get isBehind() {
      return most((member) => member.isAhead);
    },
    get members() {
      return members.members;
    },
    get connected() {
      return members.members.filter((member) => member.state === "joined" && (senderOf(member)?.isReady || receivers.has(member))).length;
    },
    get listed() {
      return dialler.listed;
    },
    get queued() {
      return queued();
    },
    start: () => {
      cancels.push(
        timers.every(heartbeatMs, () => {
          for (const sender of senders.values()) sender.heartbeat();
          // what a pause held back
          hub.wake();
        }),
        timers.every(checkMs, members.check),
        repair.start(),
      );
      warmup.start();
      deps.source.start((addresses) => dialler.setListed(addresses));
    },
    leave: (ms) =>
      new Promise((resolve) => {
        phase = "leaving";
        const until = clock.monotonic() + ms;
        for (const sender of senders.values()) sender.heartbeat();
        const look = () => {
          if (awaited() > 0 && clock.monotonic() < until) return false;
          const left = queued();
          stop();
          resolve(left);
          return true;
        };
        if (look()) return;
        const cancel = timers.every(leaveTickMs, () => {
          if (look()) cancel();
        });
        cancels.push(cancel);
      }),
  };
};

