import { PassThrough } from "node:stream";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createBodyBudget, createBodyReader } from "../../../responder/http/body.ts";
import { putOutcome, type Store } from "../../../responder/store/types.ts";
import { openApi, type Api } from "./harness.ts";

/** A store's buffers, counted: what was allocated must be put or freed, once. */
const buffers = (ownBufferBytes = 10) => {
  const out = new Set<Buffer>();
  return {
    out,
    store: {
      ownBufferBytes,
      allocate: (bytes: number) => {
        const buffer = Buffer.alloc(bytes);
        out.add(buffer);
        return buffer;
      },
      free: (buffer: Buffer) => expect(out.delete(buffer)).toBe(true),
    },
  };
};

const arriving = (contentLength?: number) => {
  const stream = new PassThrough();
  const incoming = Object.assign(stream, { headers: contentLength === undefined ? {} : { "content-length": String(contentLength) } });
  return { stream, incoming: incoming as unknown as IncomingMessage, outgoing: {} as ServerResponse };
};

const budgetOf = (bytes: number) => {
  const budget = createBodyBudget(bytes);
  /** What is left, found by trying. */
  const left = () => {
    for (let n = bytes; n >= 0; n--) {
      if (!budget.take(n)) continue;
      budget.give(n);
      return n;
    }
    return -1;
  };
  return { budget, left };
};

test.each([["declared", 25], ["chunked", undefined]])("a large %s body ends in a buffer of the store's, whole", async (_name, length) => {
  const { store, out } = buffers();
  const { budget, left } = budgetOf(100);
  const { stream, incoming, outgoing } = arriving(length);
  const body = createBodyReader({ maxBytes: 50, budget, store })(incoming, outgoing);
  for (const part of ["0123456789", "abcdefghij", "01234"]) stream.write(part);
  stream.end();
  const read = await body;
  expect(read.kind === "ok" && read.bytes.toString()).toBe("0123456789abcdefghij01234");
  expect(read.kind === "ok" && out.has(read.bytes)).toBe(true);
  expect(left()).toBe(100);
  if (read.kind === "ok") read.free();
  expect(out.size).toBe(0);
});

test("a small body makes no buffer of the store's", async () => {
  const { store, out } = buffers();
  const { stream, incoming, outgoing } = arriving(10);
  const body = createBodyReader({ maxBytes: 50, budget: createBodyBudget(100), store })(incoming, outgoing);
  stream.end("0123456789");
  expect(await body).toMatchObject({ kind: "ok", bytes: Buffer.from("0123456789") });
  expect(out.size).toBe(0);
});

test("a head alone reserves nothing; what is allocated counts in full", async () => {
  const { store, out } = buffers();
  const { budget, left } = budgetOf(100);
  const { stream, incoming, outgoing } = arriving(80);
  const body = createBodyReader({ maxBytes: 80, budget, store })(incoming, outgoing);
  expect([left(), out.size]).toEqual([100, 0]);
  stream.write("01234");
  await expect.poll(left).toBe(95);
  expect(out.size).toBe(0);
  stream.write("0123456789");
  await expect.poll(left).toBe(20);
  expect(out.size).toBe(1);
  stream.destroy();
  expect((await body).kind).toBe("aborted");
  expect([left(), out.size]).toEqual([100, 0]);
});

test("no room for the whole: busy, and nothing is kept", async () => {
  const { store, out } = buffers();
  const { budget, left } = budgetOf(30);
  const { stream, incoming, outgoing } = arriving(40);
  const body = createBodyReader({ maxBytes: 50, budget, store })(incoming, outgoing);
  stream.write("0123456789a");
  expect((await body).kind).toBe("busy");
  expect([left(), out.size]).toEqual([30, 0]);
});

test("more than was allowed: too large, and nothing is kept", async () => {
  const { store, out } = buffers();
  const { budget, left } = budgetOf(100);
  const { stream, incoming, outgoing } = arriving();
  const body = createBodyReader({ maxBytes: 20, budget, store })(incoming, outgoing);
  stream.write("0123456789abcdefghijk");
  expect((await body).kind).toBe("too_large");
  expect([left(), out.size]).toEqual([100, 0]);
});

let api: Api | undefined;
afterEach(() => api?.close());

const observed = (outcome?: number) => {
  const seen = { allocated: [] as Buffer[], freed: [] as Buffer[], put: [] as Buffer[], borrowed: 0, released: 0 };
  const wrap = (store: Store): Store =>
    Object.assign(Object.create(store) as Store, {
      allocate: (bytes: number) => {
        const buffer = store.allocate(bytes);
        seen.allocated.push(buffer);
        return buffer;
      },
      free: (buffer: Buffer) => void seen.freed.push(buffer),
      put: (...args: Parameters<Store["put"]>) => {
        seen.put.push(args[3]);
        return outcome ?? store.put(...args);
      },
      borrowValue: (slot: number) => {
        const lent = store.borrowValue(slot);
        if (!lent) return undefined;
        seen.borrowed++;
        return { bytes: lent.bytes, release: () => void seen.released++ };
      },
    });
  return { seen, wrap };
};
const large = Buffer.alloc(200_000, "x");

test("a large value is put in the buffer that it was read into, and lent to its readers until it has left", async () => {
  const { seen, wrap } = observed();
  api = await openApi({ maxValueBytes: 300_000, fast: false, store: wrap });
  expect((await api.send("PUT", "/v1/kv/a", { body: large })).status).toBe(201);
  expect(seen.put[0]).toBe(seen.allocated[0]);
  expect(seen.freed).toEqual([]);
  expect((await api.send("GET", "/v1/kv/a")).body.equals(large)).toBe(true);
  await expect.poll(() => seen.released).toBe(1);
  await api.send("HEAD", "/v1/kv/a");
  expect(seen.borrowed).toBe(1);
});

test.each([putOutcome.full, putOutcome.tooLarge])("one that is not put (%i) is freed", async (outcome) => {
  const { seen, wrap } = observed(outcome);
  api = await openApi({ maxValueBytes: 300_000, fast: false, store: wrap });
  expect((await api.send("PUT", "/v1/kv/a", { body: large })).status).toBeGreaterThanOrEqual(400);
  expect(seen.freed).toEqual(seen.allocated);
});
