// Who selects is asked for in all namespaces at once, or in each that is tended.
import { expect, test } from "vitest";
import { listSelecting } from "../../../operator/kube/selectors.ts";
import type { ListOptions } from "../../../operator/kube/types.ts";
import { selectingKinds } from "../../../operator/kinds.ts";
import { failure, object, page } from "./scripted-client.ts";

const [kind] = selectingKinds;
const signal = new AbortController().signal;

const ask = async (namespaces: readonly string[] | undefined, answer: (namespace: string | undefined) => ReturnType<typeof page> | Error) => {
  const asked: (string | undefined)[] = [];
  const client = {
    async list(_: unknown, { namespace }: ListOptions = {}) {
      asked.push(namespace);
      const given = answer(namespace);
      if (given instanceof Error) throw given;
      return given;
    },
  };
  if (!kind) throw new Error("no kind");
  const found = await listSelecting(client, kind, namespaces, signal);
  return { asked, found: typeof found === "string" ? found : found.map((o) => o.metadata.name) };
};

test("without a list of namespaces one request asks for all of them", async () => {
  expect(await ask(undefined, () => page("1", object("main", "1")))).toEqual({ asked: [undefined], found: ["main"] });
});

test("with one, each is asked for by itself", async () => {
  expect(await ask(["a", "b"], (namespace) => page("1", object(`in-${namespace}`, "1")))).toEqual({ asked: ["a", "b"], found: ["in-a", "in-b"] });
});

test("a kind that is not served has no objects", async () => expect(await ask(undefined, () => failure("missingKind"))).toMatchObject({ found: [] }));

test("one namespace that permits no list counts as empty; if none permits it, it is forbidden", async () => {
  expect(await ask(["a", "b"], (namespace) => (namespace === "a" ? failure("forbidden") : page("1", object("main", "1"))))).toMatchObject({ found: ["main"] });
  expect(await ask(["a", "b"], () => failure("forbidden"))).toMatchObject({ found: "forbidden" });
});

test("half an answer is none", async () => {
  expect(await ask(["a", "b"], (namespace) => (namespace === "a" ? failure("network") : page("1")))).toMatchObject({ found: "failed" });
});
