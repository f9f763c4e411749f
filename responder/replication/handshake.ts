// How two peers show each other that they know the tenant's secret, without sending it, and who they are.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readIdentity, writeIdentity, type Identity } from "../peers/identity.ts";
import { protocolVersion } from "./frames.ts";
import { FrameError, Reader, Writer } from "./wire.ts";

const nonceBytes = 16;
const proofBytes = 32;

/** What both must have in common. */
export interface Realm {
  readonly tenant: string;
  /** Namespace and name of the resource: two of one tenant are not one cache. */
  readonly cluster: string;
}

export const refusals = ["version", "tenant", "cluster", "proof", "self", "node", "left"] as const;
/** version: another protocol. proof: another secret. self: dialled oneself. node: the node id is another's, draw again. left: it had said that it leaves. */
export type Refusal = (typeof refusals)[number];

export interface Hello extends Realm {
  readonly nonce: Buffer;
  readonly identity: Identity;
}

export const writeHello = ({ tenant, cluster }: Realm, identity: Identity, nonce: Buffer): Buffer =>
  writeIdentity(new Writer().u8(protocolVersion).raw(nonce).text(tenant).text(cluster), identity).take();

/** Of this version of the protocol. */
export const readHello = (bytes: Buffer, from: number, to: number): Hello => {
  const reader = new Reader(bytes, from, to);
  reader.u8();
  const nonce = Buffer.from(reader.raw(nonceBytes));
  const hello = { nonce, tenant: reader.text(), cluster: reader.text(), identity: readIdentity(reader) };
  reader.done();
  return hello;
};

/** HMAC-SHA256 over both openings, so that a proof is good for this connection and this direction only. */
const prove = (key: Buffer, role: "acceptor" | "dialler", hello: Buffer, opening: Buffer): Buffer =>
  createHmac("sha256", key).update(role).update("\0").update(new Writer().u32(hello.length).take()).update(hello).update(opening).digest();

const agrees = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

const writeOpening = (identity: Identity, nonce: Buffer): Buffer => writeIdentity(new Writer().u8(protocolVersion).raw(nonce), identity).take();

/** The acceptor's answer to a hello: its own opening, and its proof. */
export const writeChallenge = (key: Buffer, hello: Buffer, identity: Identity, nonce: Buffer): { readonly challenge: Buffer; readonly expected: Buffer } => {
  const opening = writeOpening(identity, nonce);
  return { challenge: Buffer.concat([opening, prove(key, "acceptor", hello, opening)]), expected: prove(key, "dialler", hello, opening) };
};

/** undefined: the acceptor does not know the secret. */
export const readChallenge = (key: Buffer, hello: Buffer, bytes: Buffer, from: number, to: number): { readonly identity: Identity; readonly proof: Buffer } | undefined => {
  if (to - from < proofBytes) throw new FrameError("a challenge is too short");
  const end = to - proofBytes;
  const reader = new Reader(bytes, from, end);
  reader.u8();
  reader.raw(nonceBytes);
  const identity = readIdentity(reader);
  reader.done();
  const opening = bytes.subarray(from, end);
  return agrees(prove(key, "acceptor", hello, opening), bytes.subarray(end, to)) ? { identity, proof: prove(key, "dialler", hello, opening) } : undefined;
};

export const isProof = (expected: Buffer, bytes: Buffer, from: number, to: number): boolean => agrees(expected, bytes.subarray(from, to));

export const writeRefusal = (refusal: Refusal): Buffer => Buffer.from([refusals.indexOf(refusal)]);
export const readRefusal = (bytes: Buffer, from: number, to: number): Refusal => refusals[from < to ? bytes[from]! : 0] ?? "version";
