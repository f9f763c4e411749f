// Writes X.509 v3 certificates: DER by hand, because Node signs but does not issue.
import { createHash, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIPv4 } from "node:net";

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dns?: readonly string[];
  /** IPv4 only. */
  readonly ips?: readonly string[];
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface Issuer {
  readonly commonName: string;
  /** P-256. */
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const tlv = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const size = body.length < 0x100 ? Buffer.from([0x81, body.length]) : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), size, body]);
};
const sequence = (...parts: readonly Buffer[]) => tlv(0x30, ...parts);
const set = (...parts: readonly Buffer[]) => tlv(0x31, ...parts);
const octets = (content: Buffer) => tlv(0x04, content);
const bits = (unused: number, content: Buffer) => tlv(0x03, Buffer.from([unused]), content);
const explicit = (n: number, content: Buffer) => tlv(0xa0 | n, content);
/** Dotted object identifiers, already encoded. */
const oid = (hex: string) => tlv(0x06, Buffer.from(hex, "hex"));
const text = (value: string) => tlv(0x0c, Buffer.from(value, "utf8"));
const yes = tlv(0x01, Buffer.from([0xff]));

const oids = {
  commonName: oid("550403"),
  organization: oid("55040a"),
  ecdsaWithSha256: oid("2a8648ce3d040302"),
  subjectKeyId: oid("551d0e"),
  keyUsage: oid("551d0f"),
  subjectAltName: oid("551d11"),
  basicConstraints: oid("551d13"),
  authorityKeyId: oid("551d23"),
  extKeyUsage: oid("551d25"),
  serverAuth: oid("2b06010505070301"),
  clientAuth: oid("2b06010505070302"),
};

/** GeneralizedTime is for 2050 and later only (RFC 5280 4.1.2.5); these certificates live days. */
const utcTime = (at: Date) => tlv(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));

const name = (commonName: string, organizations: readonly string[] = []) =>
  sequence(...organizations.map((o) => set(sequence(oids.organization, text(o)))), set(sequence(oids.commonName, text(commonName))));

const keyId = (key: KeyObject) => createHash("sha1").update(key.export({ type: "spki", format: "der" })).digest();

const extension = (id: Buffer, content: Buffer, critical = false) => sequence(id, ...(critical ? [yes] : []), octets(content));

const altNames = ({ dns = [], ips = [] }: CertificateRequest) => {
  const addresses = ips.map((ip) => {
    if (!isIPv4(ip)) throw new Error(`not an IPv4 address: ${ip}`);
    return tlv(0x87, Buffer.from(ip.split(".").map(Number)));
  });
  return [...dns.map((d) => tlv(0x82, Buffer.from(d, "ascii"))), ...addresses];
};

const pem = (der: Buffer) => `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/(.{64})(?!$)/g, "$1\n")}\n-----END CERTIFICATE-----\n`;

const certificate = (request: CertificateRequest, issuer: Issuer, extensions: readonly Buffer[]): string => {
  const algorithm = sequence(oids.ecdsaWithSha256);
  // a positive integer of full length: the first bit off, the second on
  const serial = randomBytes(16);
  serial[0] = (serial.readUInt8(0) & 0x3f) | 0x40;
  const body = sequence(
    explicit(0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    algorithm,
    name(issuer.commonName),
    sequence(utcTime(request.notBefore), utcTime(request.notAfter)),
    name(request.commonName, request.organizations),
    request.publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...extensions)),
  );
  return pem(sequence(body, algorithm, bits(0, sign("sha256", body, issuer.privateKey))));
};

/** A self-signed authority, as PEM. */
export const authorityCertificate = (issuer: Issuer, validity: { readonly notBefore: Date; readonly notAfter: Date }): string =>
  certificate({ commonName: issuer.commonName, publicKey: issuer.publicKey, ...validity }, issuer, [
    extension(oids.basicConstraints, sequence(yes), true),
    // keyCertSign
    extension(oids.keyUsage, bits(2, Buffer.from([0x04])), true),
    extension(oids.subjectKeyId, octets(keyId(issuer.publicKey))),
  ]);

/** A certificate for both ends of TLS, as PEM. */
export const leafCertificate = (request: CertificateRequest, issuer: Issuer): string => {
  const names = altNames(request);
  return certificate(request, issuer, [
    extension(oids.basicConstraints, sequence(), true),
    // digitalSignature
    extension(oids.keyUsage, bits(7, Buffer.from([0x80])), true),
    extension(oids.extKeyUsage, sequence(oids.serverAuth, oids.clientAuth)),
    extension(oids.authorityKeyId, sequence(tlv(0x80, keyId(issuer.publicKey)))),
    ...(names.length > 0 ? [extension(oids.subjectAltName, sequence(...names))] : []),
  ]);
};
