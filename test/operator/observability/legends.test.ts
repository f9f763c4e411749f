// Legends that a person can read: no kinds of things that did not happen, no names of pods whose first half all share.
import { expect, test } from "vitest";
import { boards, panelsOf, subject, tenantBoard, type Panel } from "./boards.ts";

const named = (list: readonly Panel[], title: string): Panel => list.find((p) => p.title === title) ?? expect.fail(title);
const hidesZeros = (panel: Panel): boolean => JSON.stringify(panel.fieldConfig?.overrides).includes('"reducer":"allIsZero"');
const renames = (panel: Panel) => panel.transformations?.filter(({ id }) => id === "renameByRegex").map(({ options }) => options as { regex: string; renamePattern: string }) ?? [];

test("what did not happen is left out where lines are kinds of things, and nowhere else", () => {
  const panels = panelsOf(boards.tenant);
  for (const title of ["HTTP requests by status", "Redis commands", "Peers refused", "Records", "How pods were filled"]) expect(hidesZeros(named(panels, title)), title).toBe(true);
  // none of them is the same as all of them at 0, and a pod that gets nothing is worth a name
  for (const title of ["Peers", "HTTP requests by pod", "Memory", "Hit ratio"]) expect(hidesZeros(named(panels, title)), title).toBe(false);
});

test("a pod is called by what is its own, whatever else the legend says of it", () => {
  const of = { ...subject, name: "orders-2" };
  const [{ regex = "", renamePattern = "" } = {}, ...more] = renames(named(panelsOf(tenantBoard(of)), "Connections"));
  expect(more).toEqual([]);
  const shown = (name: string): string => name.replace(new RegExp(regex), renamePattern);
  expect(shown("kv-responder-orders-2-6f7c9d5b4-x2x9k http")).toBe("6f7c9d5b4-x2x9k http");
  // what Prometheus was told otherwise stays as it is
  expect(shown("orders-2-0 http")).toBe("orders-2-0 http");
});

test("lines of pods are all shortened, in the tenant's dashboard and in the operator's", () => {
  for (const board of [boards.tenant, boards.operator]) {
    const ofPods = panelsOf(board).filter((p) => p.type === "timeseries" && p.targets?.some(({ legendFormat = "" }) => legendFormat.includes("{{pod}}")));
    expect(ofPods.length).toBeGreaterThan(3);
    for (const panel of ofPods) expect(renames(panel), panel.title).toHaveLength(1);
  }
});
