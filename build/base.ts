// Pins a base image: a tag is looked up in its registry once, and the digest is what is built upon and written down.

/** A base by digest. */
export interface BaseImage {
  /** With its tag, without the digest: what people read. */
  readonly name: string;
  readonly digest: string;
}

interface Reference {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string | undefined;
}

const digestForm = /^sha256:[0-9a-f]{64}$/;

/** REGISTRY/PATH[:TAG][@DIGEST]: in full, since engines complete short names in different ways. Throws RangeError. */
export const parseReference = (text: string): Reference => {
  const found = /^([a-z0-9.-]+(?::\d+)?)\/([a-z0-9._/-]+?)(?::([\w][\w.-]{0,127}))?(?:@(.+))?$/.exec(text);
  const [, registry = "", repository = "", tag = "latest", digest] = found ?? [];
  if (!/[.:]|^localhost$/.test(registry)) throw new RangeError(`base ${JSON.stringify(text)} must be scratch or REGISTRY/PATH:TAG, in full, as in gcr.io/distroless/cc-debian12:nonroot`);
  if (digest !== undefined && !digestForm.test(digest)) throw new RangeError(`base ${JSON.stringify(text)} has no valid digest: sha256 and 64 hexadecimal digits`);
  return { registry, repository, tag, digest };
};

/** Lists for several platforms first: their digest is the one that serves every architecture. */
const accept = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"].join(", ");

/** `Bearer realm="https://...",service="...",scope="..."`: where a registry gives anybody a token to read with. */
const anonymousToken = async (challenge: string): Promise<string> => {
  const fields = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]));
  const { realm, ...query } = fields;
  if (!challenge.startsWith("Bearer ") || realm === undefined) throw new Error("it wants a login");
  const answer = await fetch(`${realm}?${new URLSearchParams(query).toString()}`);
  if (!answer.ok) throw new Error(`${realm} answered ${answer.status}`);
  const { token, access_token: other } = (await answer.json()) as { token?: string; access_token?: string };
  return token ?? other ?? "";
};

const lookUp = async ({ registry, repository, tag }: Reference): Promise<string> => {
  // as every engine does: plain HTTP on loopback alone
  const origin = /^(localhost|127\.0\.0\.1)(:|$)/.test(registry) ? `http://${registry}` : `https://${registry}`;
  const ask = (headers: Record<string, string>): Promise<Response> => fetch(`${origin}/v2/${repository}/manifests/${tag}`, { method: "HEAD", headers: { accept, ...headers } });
  let answer = await ask({});
  if (answer.status === 401) answer = await ask({ authorization: `Bearer ${await anonymousToken(answer.headers.get("www-authenticate") ?? "")}` });
  const digest = answer.headers.get("docker-content-digest") ?? "";
  if (!answer.ok || !digestForm.test(digest)) throw new Error(`it answered ${answer.status} and ${digest === "" ? "no digest" : digest}`);
  return digest;
};

/** undefined for "scratch". Throws when the text is no reference or its registry does not tell. */
export const resolveBase = async (text: string): Promise<BaseImage | undefined> => {
  if (text === "scratch") return undefined;
  const reference = parseReference(text);
  const name = `${reference.registry}/${reference.repository}:${reference.tag}`;
  if (reference.digest !== undefined) return { name, digest: reference.digest };
  try {
    return { name, digest: await lookUp(reference) };
  } catch (error) {
    throw new Error(`cannot find the digest of ${name}: ${(error as Error).message}; give it as ${name}@sha256:...`, { cause: error });
  }
};

/** What an engine pulls: the digest alone decides. */
export const pinned = ({ name, digest }: BaseImage): string => `${name.replace(/:[^/:]*$/, "")}@${digest}`;
