// Making Secrets blindly: what each answer of the API server means, and that no value comes back or is ever the same.
import { expect, test } from "vitest";
import { ApiError, type ApiErrorKind } from "../../../operator/kube/errors.ts";
import { ensureSecret, secretExists } from "../../../operator/kube/secrets.ts";
import type { KubeClient } from "../../../operator/kube/types.ts";
import type { KubeObject } from "../../../operator/objects.ts";

interface Sent {
  readonly body: KubeObject & { readonly stringData?: Record<string, string> };
  readonly dryRun: boolean | undefined;
}

const answering = (kind?: ApiErrorKind) => {
  const sent: Sent[] = [];
  const client: Pick<KubeClient, "create"> = {
    async create(_, body, options) {
      sent.push({ body, dryRun: options?.dryRun });
      if (kind) throw new ApiError("create secrets a/b", { kind, status: 0, reason: "", detail: kind, retryAfterMs: 7 });
      return { ...body, data: { token: "as the API server returns it" } };
    },
  };
  return { client, sent };
};

const signal = new AbortController().signal;
const shell = { object: { apiVersion: "v1", kind: "Secret", metadata: { namespace: "n", name: "s" }, type: "Opaque" }, key: "token", encoding: "base64url" } as const;
const ensure = (client: Pick<KubeClient, "create">, dryRun = false) => ensureSecret(client, shell, { dryRun, signal });

test("a new one gets 256 random bits, and nobody is told which", async () => {
  const { client, sent } = answering();
  const answers = [await ensure(client), await ensure(client)];
  expect(answers).toEqual([{ result: "created" }, { result: "created" }]);
  const values = sent.map((s) => s.body.stringData?.["token"] ?? "");
  for (const value of values) expect(value).toMatch(/^[-_A-Za-z0-9]{43}$/);
  expect(new Set(values).size).toBe(2);
  await ensureSecret(client, { ...shell, encoding: "hex" }, { dryRun: false, signal });
  expect(sent[2]?.body.stringData?.["token"]).toMatch(/^[0-9a-f]{64}$/);
});

test.each<[ApiErrorKind, object]>([
  ["alreadyExists", { result: "unchanged" }],
  ["forbidden", { result: "forbidden", detail: "forbidden" }],
  ["namespaceTerminating", { result: "deleting" }],
  ["unavailable", { result: "failed", detail: "unavailable", retryAfterMs: 7 }],
  ["timeout", { result: "failed" }],
])("%s -> %j", async (kind, expected) => expect(await ensure(answering(kind).client)).toMatchObject(expected));

test("a dry run makes nothing and tells that there is none", async () => {
  const { client, sent } = answering();
  expect(await ensure(client, true)).toEqual({ result: "pending" });
  expect(sent[0]?.dryRun).toBe(true);
});

test.each<[ApiErrorKind | undefined, boolean | undefined]>([
  [undefined, false],
  ["alreadyExists", true],
  ["forbidden", undefined],
  ["network", undefined],
])("whether somebody's Secret exists, asked by a dry run (%s -> %s)", async (kind, expected) => {
  const { client, sent } = answering(kind);
  expect(await secretExists(client, { namespace: "n", name: "s" }, signal)).toBe(expected);
  expect(sent).toMatchObject([{ dryRun: true, body: { metadata: { name: "s" } } }]);
});
