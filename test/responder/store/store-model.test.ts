// The store against a plain model: an array of entries in order of use.
import fc from "fast-check";
import { expect, test } from "vitest";
import { holds, type Match, type Precondition } from "../../../responder/store/precondition.ts";
import { accountedBytes, createStore, type Store } from "../../../responder/store/store.ts";
import { compareVersions, createVersions, type Version } from "../../../responder/store/version.ts";

const maxBytes = 4 * accountedBytes(2, 40, 0);

interface ModelEntry {
  key: string;
  value: string;
  version: Version;
  expiresAt: number;
  bytes: number;
}

interface Model {
  time: number;
  /** Oldest use first. */
  entries: ModelEntry[];
  seen: Version[];
}

interface Real {
  store: Store;
  time: { now: number };
}

const liveIn = (m: Model, key: string) => m.entries.find((e) => e.key === key && e.expiresAt > m.time);
const drop = (m: Model, key: string) => void (m.entries = m.entries.filter((e) => e.key !== key));
const used = (m: Model) => m.entries.reduce((n, e) => n + e.bytes, 0);

/** What a command may refer to: any version, or the n-th that was ever drawn. */
type Ref = "any" | number | undefined;
const resolveRef = (m: Model, ref: Ref): Match | undefined => {
  if (ref === undefined || ref === "any") return ref;
  const version = m.seen[ref % Math.max(1, m.seen.length)];
  return version ? [version] : [];
};
const condition = (m: Model, match: Ref, noneMatch: Ref): Precondition => {
  const [a, b] = [resolveRef(m, match), resolveRef(m, noneMatch)];
  return { ...(a === undefined ? {} : { match: a }), ...(b === undefined ? {} : { noneMatch: b }) };
};

/** The invariants that hold after each command. */
const agree = (m: Model, { store }: Real) => {
  const stats = store.stats();
  expect(stats.usedBytes).toBeLessThanOrEqual(maxBytes);
  expect(stats.usedBytes).toBe(used(m));
  expect(stats.entries).toBe(m.entries.length);
};

class Get implements fc.Command<Model, Real> {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
  check = () => true;
  run(m: Model, real: Real) {
    const expected = liveIn(m, this.key);
    const got = real.store.get(Buffer.from(this.key));
    expect(got?.value.toString()).toBe(expected?.value);
    expect(got?.version).toEqual(expected?.version);
    drop(m, this.key);
    if (expected) m.entries.push(expected);
    agree(m, real);
  }
  toString = () => `get ${this.key}`;
}

class Put implements fc.Command<Model, Real> {
  readonly key: string;
  readonly size: number;
  readonly ttl: number | undefined;
  readonly match: Ref;
  readonly noneMatch: Ref;
  constructor(key: string, size: number, ttl: number | undefined, match: Ref, noneMatch: Ref) {
    this.key = key;
    this.size = size;
    this.ttl = ttl;
    this.match = match;
    this.noneMatch = noneMatch;
  }
  check = () => true;
  run(m: Model, real: Real) {
    const value = "v".repeat(this.size);
    const when = condition(m, this.match, this.noneMatch);
    const result = real.store.put(Buffer.from(this.key), { value: Buffer.from(value), ttlMs: this.ttl }, when);
    const old = liveIn(m, this.key);
    // an entry that is over is dropped on sight, even by a write that is then refused
    if (!old) drop(m, this.key);
    const bytes = accountedBytes(this.key.length, this.size, 0);
    if (!holds(when, old?.version)) expect(result.kind).toBe("conflict");
    else if (bytes > maxBytes) expect(result.kind).toBe("too_large");
    else {
      expect(result.kind).toBe(old ? "replaced" : "created");
      if (!("version" in result)) throw new Error("no version");
      const last = m.seen.at(-1);
      if (last) expect(compareVersions(last, result.version)).toBeLessThan(0);
      m.seen.push(result.version);
      drop(m, this.key);
      while (used(m) > maxBytes - bytes) m.entries.shift();
      m.entries.push({ key: this.key, value, version: result.version, expiresAt: this.ttl === undefined ? Infinity : m.time + this.ttl, bytes });
    }
    agree(m, real);
  }
  toString = () => `put ${this.key} ${this.size}B ttl=${this.ttl} match=${this.match} noneMatch=${this.noneMatch}`;
}

class Delete implements fc.Command<Model, Real> {
  readonly key: string;
  readonly match: Ref;
  constructor(key: string, match: Ref) {
    this.key = key;
    this.match = match;
  }
  check = () => true;
  run(m: Model, real: Real) {
    const when = condition(m, this.match, undefined);
    const result = real.store.delete(Buffer.from(this.key), when);
    const old = liveIn(m, this.key);
    const allowed = holds(when, old?.version);
    if (allowed || !old) drop(m, this.key);
    expect(result.kind).toBe(!allowed ? "conflict" : old ? "deleted" : "absent");
    agree(m, real);
  }
  toString = () => `delete ${this.key} match=${this.match}`;
}

class Advance implements fc.Command<Model, Real> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = () => true;
  run(m: Model, real: Real) {
    m.time += this.ms;
    real.time.now += this.ms;
    agree(m, real);
  }
  toString = () => `advance ${this.ms}`;
}

class Sweep implements fc.Command<Model, Real> {
  check = () => true;
  run(m: Model, real: Real) {
    // the first call may end a round that began earlier, the second makes a whole one
    real.store.sweep(1000);
    real.store.sweep(1000);
    m.entries = m.entries.filter((e) => e.expiresAt > m.time);
    agree(m, real);
  }
  toString = () => "sweep";
}

const key = fc.constantFrom("a", "b", "cc", "d", "ee", "f", "g", "h");
const ref: fc.Arbitrary<Ref> = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.constant("any" as const), fc.nat(30));
const size = fc.oneof({ weight: 6, arbitrary: fc.nat(100) }, fc.integer({ min: 2000, max: 6000 }));
const ttl = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined });
const commands = [
  key.map((k) => new Get(k)),
  fc.tuple(key, size, ttl, ref, ref).map((args) => new Put(...args)),
  fc.tuple(key, size, ttl).map(([k, s, t]) => new Put(k, s, t, undefined, undefined)),
  fc.tuple(key, ref).map((args) => new Delete(...args)),
  fc.integer({ min: 1, max: 30 }).map((ms) => new Advance(ms)),
  fc.constant(new Sweep()),
];

test("every sequence of commands leaves the store and the model equal", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 60, size: "max" }), (sequence) => {
      const time = { now: 1_000_000 };
      const now = () => time.now;
      fc.modelRun(
        () => ({
          model: { time: time.now, entries: [], seen: [] },
          real: { store: createStore({ maxBytes, now, nextVersion: createVersions({ now, node: 1 }) }), time },
        }),
        sequence,
      );
    }),
    { numRuns: 1000 },
  );
});
