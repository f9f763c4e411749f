import { drawContext, parseTraceparent } from "#telemetry/trace-context";
import fc from "fast-check";
import { expect, test } from "vitest";

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((text) => !/^0+$/.test(text));

test("what the specification calls a header is read, its flags bit by bit", () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 255 }), (traceId, spanId, flags) => {
      expect(parseTraceparent(`00-${traceId}-${spanId}-${flags.toString(16).padStart(2, "0")}`)).toEqual({ traceId, spanId, sampled: flags % 2 === 1 });
    }),
  );
});

const [trace, span] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];

test("of a later version the part that we know is read", () => {
  expect(parseTraceparent(`01-${trace}-${span}-01-more`)).toEqual({ traceId: trace, spanId: span, sampled: true });
});

test.each([
  "",
  "00",
  `00-${trace}-${span}`,
  `00-${trace}-${span}-01-more`,
  `ff-${trace}-${span}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${"0".repeat(32)}-${span}-01`,
  `00-${trace}-${"0".repeat(16)}-01`,
  `00-${trace}-${span}-1`,
  ` 00-${trace}-${span}-01`,
  `01-${trace}-${span}-01-${"x".repeat(300)}`,
])("%j begins no trace of somebody else", (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

test("ids are drawn in the shape that they have on the wire, and never twice", () => {
  const parent = drawContext();
  const drawn = Array.from({ length: 10_000 }, () => drawContext(parent));
  for (const { traceId, spanId } of drawn) expect(`${traceId}-${spanId}`).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}$/);
  expect(new Set(drawn.map((context) => context.spanId)).size).toBe(10_000);
  expect(new Set(drawn.map((context) => context.traceId))).toEqual(new Set([parent.traceId]));
  expect(new Set(Array.from({ length: 1_000 }, () => drawContext().traceId)).size).toBe(1_000);
});
