// A peer written from docs/replication-protocol.md alone: it imports nothing of the product, so what it can do, the page tells.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { bucketCount, bucketOf, deriveKeys, digestOf, Fields, frame, halfSipHash, onFrames, rangesHash, rootOf, text, types, u16, u32, u48, u8 } from "./spec-wire.ts";

export interface SpecRecord {
  readonly kind: "value" | "deleted" | "evicted";
  /** 12 bytes. */
  readonly version: Buffer;
  readonly value: string;
  readonly expiresAt: number;
}

export interface Question {
  readonly type: number;
  readonly fields: Fields;
}

/** What it does otherwise than it should, for refusals. */
export interface SpecPeerOptions {
  readonly uid: string;
  readonly secret: string;
  readonly tenant?: string;
  readonly cluster?: string;
  readonly protocol?: number;
  readonly spoilProof?: boolean;
}

export interface SpecPeer extends AsyncDisposable {
  readonly port: number;
  readonly id: string;
  /** By key. */
  readonly records: Map<string, SpecRecord>;
  readonly ranges: { readonly version: Buffer; readonly prefix: string }[];
  /** Each frame that came, over both connections: type and payload, the newest last. */
  readonly seen: Question[];
  /** Of the last heartbeat that came. */
  phaseOfPeer: number | undefined;
  /** It may send: the one that it dialled has let it in. */
  readonly isReady: boolean;
  /** Connects; resolves with undefined once it is let in, or with the number of the refusal. */
  dial(port: number): Promise<number | undefined>;
  /** A record of its own, sent at once; resolves when it is acknowledged. */
  write(key: string, value: string, options?: { readonly ms?: number; readonly isSilent?: boolean }): Promise<Buffer>;
  ask(type: number, ...fields: readonly Buffer[]): void;
  /** As the one who begins: compares, sends what the other lacks, and says how it went. */
  compare(): Promise<"same" | "compared">;
}

export const createSpecPeer = async ({ uid, secret, tenant = "local", cluster = "local/local", protocol = 1, spoilProof = false }: SpecPeerOptions): Promise<SpecPeer> => {
  const keys = deriveKeys(secret);
  const boot = randomBytes(8);
  const node = randomBytes(4).readUInt32BE();
  const records = new Map<string, SpecRecord>();
  const ranges: { version: Buffer; prefix: string }[] = [];
  const seen: Question[] = [];
  const sockets = new Set<Socket>();
  /** By node id: what the others' heartbeats told. */
  const applied = new Map<number, number>();
  const waiting: { readonly types: readonly number[]; readonly done: (question: Question) => void }[] = [];
  let latest = { ms: 0, counter: 0 };
  let dialled: Socket | undefined;
  let isReady = false;
  /** Records sent over the connection, acknowledged, and the callers who wait. */
  let [sent, acked] = [0, 0];
  let rounds = 0;

  const identity = () => Buffer.concat([text(uid), boot, u32(node), text("127.0.0.1"), u16((server.address() as AddressInfo).port)]);
  const hashOf = (key: string) => halfSipHash(keys.seed, Buffer.from(key, "latin1"));
  const prove = (role: string, hello: Buffer, opening: Buffer) =>
    createHmac("sha256", keys.proof).update(Buffer.concat([Buffer.from(role), u8(0), u32(hello.length), hello, opening])).digest();
  const send = (type: number, ...fields: readonly Buffer[]) => void dialled?.write(frame(type, ...fields));
  const note = (type: number, payload: Buffer) => {
    seen.push({ type, fields: new Fields(payload) });
    for (const one of waiting.splice(0)) {
      if (one.types.includes(type)) one.done({ type, fields: new Fields(payload) });
      else waiting.push(one);
    }
  };
  const next = (...wanted: readonly number[]) => new Promise<Question>((done) => void waiting.push({ types: wanted, done }));

  // what it holds
  const draw = (ms = Date.now()): Buffer => {
    latest = ms > latest.ms ? { ms, counter: 0 } : latest.counter < 0xffff ? { ms: latest.ms, counter: latest.counter + 1 } : { ms: latest.ms + 1, counter: 0 };
    return Buffer.concat([u48(latest.ms), u16(latest.counter), u32(node)]);
  };
  const observe = (version: Buffer) => {
    const [ms, counter] = [version.readUIntBE(0, 6), version.readUInt16BE(6)];
    if (ms > latest.ms || (ms === latest.ms && counter > latest.counter)) latest = { ms, counter };
  };
  const isCovered = (key: string, version: Buffer) => ranges.some((range) => key.startsWith(range.prefix) && version.compare(range.version) < 0);
  const take = (key: string, record: SpecRecord) => {
    observe(record.version);
    const held = records.get(key);
    if ((held && held.version.compare(record.version) >= 0) || isCovered(key, record.version)) return;
    records.set(key, record);
  };
  const takeRecord = (type: number, fields: Fields) => {
    const version = Buffer.from(fields.raw(12));
    if (type === types.range) {
      observe(version);
      if (!ranges.some((range) => range.version.equals(version))) ranges.push({ version, prefix: fields.rest().toString("latin1") });
      for (const [key, record] of records) if (isCovered(key, record.version)) records.delete(key);
    } else if (type === types.value) {
      const expiresAt = fields.number(6);
      const [keyBytes, typeBytes] = [fields.number(2), fields.number(1)];
      const key = fields.raw(keyBytes).toString("latin1");
      fields.raw(typeBytes);
      take(key, { kind: "value", version, value: fields.rest().toString("latin1"), expiresAt });
    } else take(fields.rest().toString("latin1"), { kind: type === types.deleted ? "deleted" : "evicted", version, value: "", expiresAt: 0 });
  };
  const sendRecord = (key: string, { kind, version, value, expiresAt }: SpecRecord) => {
    sent++;
    const bytes = Buffer.from(key, "latin1");
    if (kind === "value") send(types.value, version, u48(expiresAt), u16(bytes.length), u8(0), bytes, Buffer.from(value, "latin1"));
    else send(kind === "deleted" ? types.deleted : types.evicted, version, bytes);
  };
  const acknowledged = async (): Promise<void> => {
    const number = sent;
    for (let reached = acked; reached < number; reached = acked) await next(types.ack);
  };

  // digests and lists
  const words = (): number[] => {
    const all = Array.from({ length: bucketCount * 2 }, () => 0);
    for (const [key, { version }] of records) {
      const hash = hashOf(key);
      const [a, b] = digestOf(hash, version);
      all[bucketOf(hash) * 2]! ^= a;
      all[bucketOf(hash) * 2 + 1]! ^= b;
    }
    return all.map((word) => word >>> 0);
  };
  const inBucket = (bucket: number) => [...records].filter(([key]) => bucketOf(hashOf(key)) === bucket);
  /** It forgets nothing, so it has no floors, and is never overdue. */
  const list = (round: number, bucket: number) => Buffer.concat([u32(round), u16(bucket), u48(0), u48(0), u8(0), ...inBucket(bucket).flatMap(([key, { version }]) => [u32(hashOf(key)), version])]);
  const compareWith = (fields: Fields): number => {
    const [bucket, deletion, eviction, overdue] = [fields.number(2), fields.number(6), fields.number(6), fields.number(1)];
    const theirs: { hash: number; version: Buffer }[] = [];
    while (fields.left > 0) theirs.push({ hash: fields.number(4), version: fields.raw(12) });
    const mine = inBucket(bucket);
    for (const [key, record] of mine) {
      const others = theirs.filter(({ hash }) => hash === hashOf(key));
      const twins = mine.filter(([other]) => hashOf(other) === hashOf(key));
      const ms = record.version.readUIntBE(0, 6);
      if (others.length === 0) {
        if (ms > deletion && ms > eviction) sendRecord(key, record);
        else if (record.kind === "value" && ms <= deletion && (overdue === 1 || ms > eviction)) records.delete(key);
      } else if (twins.length === 1 && others.length === 1 ? record.version.compare(others[0]!.version) > 0 : !others.some(({ version }) => version.equals(record.version))) sendRecord(key, record);
    }
    return bucket;
  };

  // the connection that it accepts: takes records in, acknowledges, answers
  const accept = (socket: Socket) => {
    sockets.add(socket);
    let hello: Buffer = Buffer.alloc(0);
    let opening: Buffer = hello;
    let isIn = false;
    let [dealt, told] = [0, 0];
    const answer = (type: number, ...fields: readonly Buffer[]) => void socket.write(frame(type, ...fields));
    const acknowledge = () => {
      if (dealt > told) answer(types.ack, u48(dealt));
      told = dealt;
    };
    const handshake = (type: number, payload: Buffer) => {
      if (type === types.hello) {
        hello = payload;
        opening = Buffer.concat([u8(1), randomBytes(16), identity()]);
        answer(types.challenge, opening, prove("acceptor", hello, opening));
      } else if (timingSafeEqual(payload, prove("dialler", hello, opening))) {
        isIn = true;
        answer(types.ready);
        // who calls wants to be called
        const fields = new Fields(hello);
        fields.raw(17);
        fields.text();
        fields.text();
        fields.text();
        fields.raw(12);
        fields.text();
        if (!dialled) void peer.dial(fields.number(2));
      } else socket.destroy();
    };
    const beat = (fields: Fields) => {
      peer.phaseOfPeer = fields.number(1);
      fields.raw(2);
      const [writer, now, upTo] = [fields.number(4), fields.number(6), fields.number(6)];
      applied.set(writer, Math.max(applied.get(writer) ?? 0, upTo));
      answer(types.heartbeatReply, u8(now > Date.now() + 500 ? 1 : 0));
    };
    const snapshot = async () => {
      for (const [key, record] of records) sendRecord(key, record);
      await acknowledged();
      send(types.snapshotEnd, u16(0));
    };
    const onSummary = (fields: Fields) => {
      const round = fields.raw(4);
      const [a, b, theirRanges] = [fields.number(4), fields.number(4), fields.number(4)];
      const mine = words();
      const [c, d] = rootOf(mine);
      const own = rangesHash(ranges.map(({ version }) => version));
      if (a === c && b === d && own === theirRanges) answer(types.same, round);
      else answer(types.digests, round, u32(own), u48(0), ...mine.map(u32));
    };
    onFrames(
      socket,
      (type, payload) => {
        if (!isIn) return handshake(type, payload);
        note(type, payload);
        const fields = new Fields(payload);
        if (type >= types.value && type <= types.range) {
          dealt++;
          return takeRecord(type, fields);
        }
        acknowledge();
        if (type === types.heartbeat) beat(fields);
        else if (type === types.snapshotRequest) void snapshot();
        else if (type === types.summary) onSummary(fields);
        else if (type === types.bucket) {
          const round = fields.number(4);
          const bucket = compareWith(fields);
          answer(types.bucketReply, list(round, bucket));
        } else if (type === types.fetch) {
          const key = fields.rest().toString("latin1");
          const record = records.get(key);
          if (record) sendRecord(key, record);
        }
      },
      acknowledge,
    );
  };
  const server = createServer({ noDelay: true }, accept);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  // the connection that it dials: sends records and questions
  const heartbeat = () => {
    const upTo = Math.max(0, latest.ms - 1);
    const told = [...applied].flatMap(([writer, ms]) => [u32(writer), u48(ms)]);
    if (isReady) send(types.heartbeat, u8(1), u16(0), u32(node), u48(Math.max(Date.now(), latest.ms)), u48(upTo), u8(applied.size), ...told, u8(0));
  };
  const beating = setInterval(heartbeat, 1_000);

  const peer: SpecPeer = {
    get port() {
      return (server.address() as AddressInfo).port;
    },
    id: `${uid}/${boot.toString("hex")}`,
    records,
    ranges,
    seen,
    phaseOfPeer: undefined,
    get isReady() {
      return isReady;
    },
    dial: (port) =>
      new Promise((resolve) => {
        const socket = connect({ port, host: "127.0.0.1", noDelay: true });
        dialled = socket;
        sockets.add(socket);
        isReady = false;
        [sent, acked] = [0, 0];
        const hello = Buffer.concat([u8(protocol), randomBytes(16), text(tenant), text(cluster), identity()]);
        socket.on("connect", () => send(types.hello, hello));
        onFrames(socket, (type, payload) => {
          if (type === types.challenge) {
            const opening = payload.subarray(0, -32);
            if (!spoilProof && !timingSafeEqual(payload.subarray(-32), prove("acceptor", hello, opening))) return void socket.destroy();
            return send(types.proof, spoilProof ? Buffer.alloc(32) : prove("dialler", hello, opening));
          }
          if (type === types.refused) return resolve(payload[0]);
          if (type === types.ready) {
            isReady = true;
            heartbeat();
            return resolve(undefined);
          }
          if (type === types.ack) acked = payload.readUIntBE(0, 6);
          note(type, payload);
        });
      }),
    write: async (key, value, { ms, isSilent = false } = {}) => {
      // a version as it is asked for is not drawn: it may be from long ago, or from a time to come
      const version = ms === undefined ? draw() : Buffer.concat([u48(ms), u16(0), u32(node)]);
      const record: SpecRecord = { kind: "value", version, value, expiresAt: 0 };
      records.set(key, record);
      if (isSilent) return version;
      sendRecord(key, record);
      await acknowledged();
      return version;
    },
    ask: send,
    compare: async () => {
      const mine = words();
      const [a, b] = rootOf(mine);
      const round = ++rounds;
      const first = next(types.same, types.digests);
      send(types.summary, u32(round), u32(a), u32(b), u32(rangesHash(ranges.map(({ version }) => version))), u48(0));
      const { type, fields } = await first;
      if (type === types.same) return "same";
      fields.raw(14);
      for (let bucket = 0; bucket < bucketCount; bucket++) {
        if (fields.number(4) === mine[bucket * 2] && fields.number(4) === mine[bucket * 2 + 1]) continue;
        // both words have been read, or the first one was enough
        fields.at = 14 + (bucket + 1) * 8;
        const reply = next(types.bucketReply);
        send(types.bucket, list(round, bucket));
        const { fields: theirs } = await reply;
        theirs.raw(4);
        compareWith(theirs);
      }
      send(types.roundEnd, u32(round));
      await acknowledged();
      return "compared";
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(beating);
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return peer;
};
