// The secret that a tenant's pods share, and the keys made from it: one secret to mount, a key of its own for each use.
import { hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

const minBytes = 16;

/** The file's text without white space around it. Throws when it cannot be read or is too short to be a secret. Without a path: drawn at random, for a process without peers. */
export const readPeerSecret = (path: string | undefined): Buffer => {
  if (path === undefined) return randomBytes(32);
  const secret = Buffer.from(readFileSync(path, "latin1").trim(), "latin1");
  if (secret.length < minBytes) throw new Error(`${path} must hold at least ${minBytes} characters; delete the tenant's Secret kv-peers-... and the operator makes a new one`);
  return secret;
};

/** HKDF-SHA256 (RFC 5869). Keys of different purposes tell nothing of each other or of the secret. */
export const deriveKey = (secret: Buffer, purpose: string, bytes: number): Buffer => Buffer.from(hkdfSync("sha256", secret, "", `kv-responder ${purpose}`, bytes));
