// The certificates hold up to Node's own verifier and to a TLS handshake from both ends.
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPki, type Pki } from "./pki.ts";

let dir: string;
let pki: Pki;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "kvr-pki-"));
  pki = await createPki(join(dir, "pki"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const read = async (file: string) => new X509Certificate(await readFile(file));
const server = () => pki.issue({ name: "server", commonName: "server", dns: ["localhost"], ips: ["127.0.0.1", "10.96.0.1"] });
const client = () => pki.issue({ name: "client", commonName: "anna", organizations: ["system:masters", "writers"] });

describe("a certificate", () => {
  test("is signed by the authority, which is one", async () => {
    const authority = await read(pki.caFile);
    const leaf = await read((await server()).certFile);
    expect(authority.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.verify(leaf.publicKey)).toBe(false);
  });

  test("names its subject, hosts and addresses, and no others", async () => {
    const leaf = await read((await server()).certFile);
    expect(leaf.checkHost("localhost")).toBe("localhost");
    expect(leaf.checkHost("example.com")).toBeUndefined();
    expect(leaf.checkIP("10.96.0.1")).toBe("10.96.0.1");
    expect(leaf.checkIP("10.96.0.2")).toBeUndefined();
    expect((await read((await client()).certFile)).subject.split("\n")).toEqual(["O=system:masters", "O=writers", "CN=anna"]);
  });

  test("is valid now and expires within ten days", async () => {
    const { validFromDate, validToDate } = await read((await server()).certFile);
    expect(validFromDate.getTime()).toBeLessThan(Date.now());
    expect(validToDate.getTime()).toBeGreaterThan(Date.now() + 2 * 24 * 3600_000);
    expect(validToDate.getTime()).toBeLessThan(Date.now() + 10 * 24 * 3600_000);
  });

  test("is issued once for each name", async () => {
    const [first, again] = await Promise.all([server(), server()]);
    expect(again).toEqual(first);
    const serials = [(await read(first.certFile)).serialNumber, (await read((await client()).certFile)).serialNumber];
    expect(new Set(serials).size).toBe(2);
  });

  test("does not take an address that is none", async () => {
    await expect(pki.issue({ name: "odd", commonName: "odd", ips: ["::1"] })).rejects.toThrow("not an IPv4 address: ::1");
  });
});

test("both ends of a TLS connection accept each other, and a stranger is refused", async () => {
  const ca = await readFile(pki.caFile);
  const files = async ({ certFile, keyFile }: { certFile: string; keyFile: string }) => ({ cert: await readFile(certFile), key: await readFile(keyFile) });
  const peers: string[] = [];
  const listener = createServer({ ...(await files(await server())), ca, requestCert: true, rejectUnauthorized: true }, (socket: TLSSocket) => {
    peers.push(String(socket.getPeerCertificate().subject.CN));
    socket.end("hello");
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const talk = async (identity: object) => {
    const socket = connect({ host: "127.0.0.1", port, ca, ...identity });
    let said = "";
    socket.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await once(socket, "close");
    return said;
  };
  expect(await talk(await files(await client()))).toBe("hello");

  const other = await createPki(join(dir, "other"));
  const stranger = await files(await other.issue({ name: "client", commonName: "mallory" }));
  expect(await talk(stranger).catch(() => "")).toBe("");
  expect(peers).toEqual(["anna"]);
  listener.close();
});

test("keys are for their owner's eyes", async () => {
  for (const file of [(await server()).keyFile, pki.saKeyFile]) expect((await stat(file)).mode & 0o077).toBe(0);
});
