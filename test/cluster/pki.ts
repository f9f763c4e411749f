// The cluster's keys: one authority, a certificate for each identity, and the ServiceAccount signing pair.
import { generateKeyPair, generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { authorityCertificate, leafCertificate } from "./x509.ts";

export interface Identity {
  /** File name without its ending, unique in the cluster. */
  readonly name: string;
  /** The user's name to Kubernetes. */
  readonly commonName: string;
  /** The user's groups to Kubernetes. */
  readonly organizations?: readonly string[];
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
}

export interface Credentials {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Pki {
  readonly dir: string;
  readonly caFile: string;
  /** RSA pair that signs ServiceAccount tokens. */
  readonly saKeyFile: string;
  readonly saPublicFile: string;
  /** Issues (or, for a name already issued, returns) a certificate that is good for both ends of TLS. */
  issue(identity: Identity): Promise<Credentials>;
}

const day = 24 * 3600_000;
const makeRsa = promisify(generateKeyPair);

/** `dir` is made. Certificates are valid for a week, from an hour ago. */
export const createPki = async (dir: string, now = Date.now()): Promise<Pki> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const validity = { notBefore: new Date(now - 3600_000), notAfter: new Date(now + 7 * day) };
  const write = (file: string, content: string) => writeFile(join(dir, file), content, { mode: 0o600 });
  const pkcs8 = { type: "pkcs8", format: "pem" } as const;
  const spki = { type: "spki", format: "pem" } as const;

  const authority = { commonName: "kv-responder test authority", ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
  // RSA takes about 0.1 s: made beside the rest
  const signer = makeRsa("rsa", { modulusLength: 2048 });
  await write("ca.crt", authorityCertificate(authority, validity));
  await write("ca.key", authority.privateKey.export(pkcs8).toString());
  const { privateKey, publicKey } = await signer;
  await write("sa.key", privateKey.export(pkcs8).toString());
  await write("sa.pub", publicKey.export(spki).toString());

  const issued = new Map<string, Promise<Credentials>>();
  const make = async ({ name, ...subject }: Identity): Promise<Credentials> => {
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await write(`${name}.crt`, leafCertificate({ ...subject, publicKey: key.publicKey, ...validity }, authority));
    await write(`${name}.key`, key.privateKey.export(pkcs8).toString());
    return { certFile: join(dir, `${name}.crt`), keyFile: join(dir, `${name}.key`) };
  };

  return {
    dir,
    caFile: join(dir, "ca.crt"),
    saKeyFile: join(dir, "sa.key"),
    saPublicFile: join(dir, "sa.pub"),
    issue: (identity) => {
      const credentials = issued.get(identity.name) ?? make(identity);
      issued.set(identity.name, credentials);
      return credentials;
    },
  };
};
