import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStore, isNewer } from "../../../operator/kube/store.ts";
import type { ReflectorEvent } from "../../../operator/kube/types.ts";
import type { KubeObject } from "../../../operator/objects.ts";

const object = (name: string, resourceVersion: string, uid = `${name}-1`, namespace = "n"): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, uid, resourceVersion },
});

const make = () => {
  const events: ReflectorEvent[] = [];
  const store = createStore((event) => events.push(event));
  /** "added a@5" and so on, since the last call. */
  const told = (): string[] => events.splice(0).map((e) => `${e.type} ${e.object.metadata.name}@${e.object.metadata.resourceVersion}`);
  const held = (): string[] => store.list().map((o) => `${o.metadata.name}@${o.metadata.resourceVersion}`).sort();
  return { store, events, told, held };
};

describe("lists", () => {
  test("the first list adds; the next one tells what changed, what came and what went meanwhile", () => {
    const { store, told, held } = make();
    store.replace([object("a", "1"), object("b", "2"), object("c", "3")], "10");
    expect(told()).toEqual(["added a@1", "added b@2", "added c@3"]);
    store.replace([object("a", "1"), object("b", "12"), object("d", "13")], "20");
    expect(told()).toEqual(["deleted c@3", "modified b@12", "added d@13"]);
    expect(held()).toEqual(["a@1", "b@12", "d@13"]);
    expect(store.size).toBe(3);
  });

  test("a new UID under the same name is a delete of the old one and an add", () => {
    const { store, events } = make();
    store.replace([object("a", "1", "old")], "10");
    store.replace([object("a", "15", "new")], "20");
    expect(events.map((e) => [e.type, e.object.metadata.uid])).toEqual([
      ["added", "old"],
      ["deleted", "old"],
      ["added", "new"],
    ]);
  });

  test("a list is the truth even when it is older than what is held: etcd was restored", () => {
    const { store, told, held } = make();
    store.replace([object("a", "500"), object("b", "600")], "900");
    store.upsert(object("c", "950"));
    told();
    store.beginList();
    store.replace([object("a", "300")], "400");
    expect(told()).toEqual(["deleted b@600", "deleted c@950", "modified a@300"]);
    expect(held()).toEqual(["a@300"]);
  });

  test("by namespace", () => {
    const { store } = make();
    store.replace([object("a", "1"), object("a", "2", "u", "other"), object("c", "3", "w", "")], "10");
    expect(store.list("other").map((o) => o.metadata.uid)).toEqual(["u"]);
    expect(store.get("", "c")?.metadata.uid).toBe("w");
    expect(store.get("n", "c")).toBeUndefined();
    store.clear();
    expect([store.size, store.list().length]).toEqual([0, 0]);
  });
});

describe("watch events", () => {
  test("a replayed, an older and an equal event are no news", () => {
    const { store, told } = make();
    store.replace([object("a", "5")], "10");
    told();
    store.observe({ type: "MODIFIED", object: object("a", "12") });
    store.observe({ type: "MODIFIED", object: object("a", "12") });
    store.observe({ type: "MODIFIED", object: object("a", "11") });
    store.observe({ type: "ADDED", object: object("a", "5") });
    expect(told()).toEqual(["modified a@12"]);
  });

  test("modified carries the state before", () => {
    const { store, events } = make();
    store.replace([object("a", "5")], "10");
    store.observe({ type: "MODIFIED", object: object("a", "12") });
    expect(events.at(-1)?.old?.metadata.resourceVersion).toBe("5");
  });

  test("an event of a deleted object that comes late makes no ghost", () => {
    const { store, held } = make();
    store.replace([object("a", "5")], "10");
    store.observe({ type: "DELETED", object: object("a", "20") });
    store.observe({ type: "MODIFIED", object: object("a", "15") });
    expect(held()).toEqual([]);
    store.observe({ type: "ADDED", object: object("a", "21", "a-2") });
    expect(held()).toEqual(["a@21"]);
    store.observe({ type: "DELETED", object: object("a", "20") });
    expect(held()).toEqual(["a@21"]);
  });

  test("the replayed deletion of a predecessor lets nothing back in", () => {
    const { store, held } = make();
    store.replace([object("a", "5")], "10");
    store.observe({ type: "DELETED", object: object("a", "30", "a-2") });
    store.observe({ type: "DELETED", object: object("a", "20") });
    store.observe({ type: "MODIFIED", object: object("a", "25", "a-2") });
    expect(held()).toEqual([]);
  });
});

describe("own writes", () => {
  test("are seen at once, and their echo is no event", () => {
    const { store, told, held } = make();
    store.replace([object("a", "5")], "10");
    told();
    store.upsert(object("a", "12"));
    store.upsert(object("b", "13"));
    expect(held()).toEqual(["a@12", "b@13"]);
    store.observe({ type: "MODIFIED", object: object("a", "12") });
    store.observe({ type: "ADDED", object: object("b", "13") });
    expect(told()).toEqual([]);
    store.observe({ type: "MODIFIED", object: object("a", "14") });
    expect(told()).toEqual(["modified a@14"]);
  });

  test("an answer that comes after the object was deleted does not bring it back", () => {
    const { store, held } = make();
    store.replace([object("a", "5"), object("b", "6")], "10");
    store.observe({ type: "DELETED", object: object("a", "20") });
    store.upsert(object("a", "15"));
    // b was written at 30, deleted at 35, and a list has been taken since
    store.replace([], "40");
    store.upsert(object("b", "30"));
    expect(held()).toEqual([]);
  });

  test("one that is newer than the list under way survives it; one that is older does not", () => {
    const { store, held } = make();
    store.replace([], "10");
    store.upsert(object("before", "15"));
    store.beginList();
    store.upsert(object("during", "25"));
    store.replace([object("x", "19")], "20");
    expect(held()).toEqual(["during@25", "x@19"]);
  });

  test("does not hide a newer state in a list", () => {
    const { store, held } = make();
    store.replace([], "10");
    store.beginList();
    store.upsert(object("a", "15"));
    store.replace([object("a", "18")], "20");
    expect(held()).toEqual(["a@18"]);
  });
});

test("versions compare as numbers of any length; what is not a number counts as news", () => {
  expect(isNewer("10", "9")).toBe(true);
  expect(isNewer("9", "10")).toBe(false);
  expect(isNewer("10", "10")).toBe(false);
  expect(isNewer("99999999999999999999999", "99999999999999999999998")).toBe(true);
  expect(isNewer("x1", "x2")).toBe(true);
  expect(isNewer("", "")).toBe(false);
  fc.assert(fc.property(fc.bigInt({ min: 1n }), fc.bigInt({ min: 1n }), (a, b) => isNewer(String(a), String(b)) === a > b));
});

describe("model", () => {
  interface Change {
    readonly type: "ADDED" | "MODIFIED" | "DELETED";
    readonly object: KubeObject;
  }
  type Step = { do: "change"; name: string; remove: boolean } | { do: "deliver" | "write" | "list"; pick: number; during: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("change" as const), name: fc.constantFrom("a", "b", "c"), remove: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("deliver" as const, "write" as const), pick: fc.nat(), during: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("list" as const), pick: fc.nat(), during: fc.nat() }) },
  );

  test("whatever is duplicated, reordered or late, in the end the store holds what the server holds", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), fc.infiniteStream(fc.nat()), (steps, chance) => {
        const { store } = make();
        const server = new Map<string, KubeObject>();
        const history: Change[] = [];
        let version = 1;
        const change = (name: string, remove: boolean): void => {
          const now = server.get(name);
          if (remove && !now) return;
          const uid = now?.metadata.uid ?? `${name}-${version}`;
          const next = object(name, String(++version), uid);
          if (remove) server.delete(name);
          else server.set(name, next);
          history.push({ type: remove ? "DELETED" : now ? "MODIFIED" : "ADDED", object: next });
        };
        const any = <T>(from: readonly T[], pick: number): T | undefined => from[pick % (from.length || 1)];
        const write = (pick: number): void => {
          const mine = any(history.filter((c) => c.type !== "DELETED"), pick);
          if (mine) store.upsert(mine.object);
        };
        store.beginList();
        store.replace([], "1");
        for (const s of steps) {
          if (s.do === "change") change(s.name, s.remove);
          else if (s.do === "deliver") {
            const event = any(history, s.pick);
            if (event) store.observe(event);
          } else if (s.do === "write") write(s.pick);
          else {
            store.beginList();
            const [items, at] = [[...server.values()], String(version)];
            change("a", s.during % 2 === 0);
            write(s.pick);
            store.replace(items, at);
          }
        }
        const rest = history.map((event) => ({ event, order: chance.next().value })).sort((x, y) => x.order - y.order);
        for (const { event } of rest) store.observe(event);
        const shown = (objects: Iterable<KubeObject>) => [...objects].map((o) => `${o.metadata.uid}@${o.metadata.resourceVersion}`).sort();
        expect(shown(store.list())).toEqual(shown(server.values()));
        expect(store.size).toBe(server.size);
      }),
      { numRuns: 500 },
    );
  });
});
