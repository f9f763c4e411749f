// Patterns against a regular expression made from the same pattern, and the cases that regular expressions do not have.
import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesGlob } from "../../../responder/resp/glob.ts";

const matches = (pattern: string, text: string) => {
  const bytes = Buffer.from(`__${text}__`, "latin1");
  return matchesGlob(Buffer.from(pattern, "latin1"), bytes, 2, bytes.length - 2);
};

interface Part {
  glob: string;
  regex: string;
}
const letter = fc.constantFrom("a", "b", "c", "d");
const escape = (text: string) => text.replaceAll(/[\\^\]$.*+?()[{}|-]/g, String.raw`\$&`);
const part: fc.Arbitrary<Part> = fc.oneof(
  letter.map((c) => ({ glob: c, regex: c })),
  fc.constant({ glob: "*", regex: "[^]*" }),
  fc.constant({ glob: "?", regex: "[^]" }),
  fc.constantFrom("*", "?", "[", "\\", "a").map((c) => ({ glob: `\\${c}`, regex: escape(c) })),
  fc.tuple(fc.boolean(), fc.array(fc.oneof(letter.map((c) => ({ glob: c, regex: c })), fc.tuple(letter, letter).map(([a, b]) => ({ glob: `${a}-${b}`, regex: a < b ? `${a}-${b}` : `${b}-${a}` }))), { minLength: 1, maxLength: 3 })).map(([not, items]) => ({
    glob: `[${not ? "^" : ""}${items.map((i) => i.glob).join("")}]`,
    regex: `[${not ? "^" : ""}${items.map((i) => i.regex).join("")}]`,
  })),
);

test("agrees with the regular expression of the same pattern", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.array(fc.constantFrom("a", "b", "c", "d", "*", "?", "[", "\\", "\n"), { maxLength: 8 }), (parts, letters) => {
      const text = letters.join("");
      const regex = new RegExp(`^${parts.map((p) => p.regex).join("")}$`);
      expect(matches(parts.map((p) => p.glob).join(""), text)).toBe(regex.test(text));
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["[abc", "a", true],
  ["[abc", "d", false],
  ["[^abc", "d", true],
  ["[]a", "a", false],
  ["[\\]]", "]", true],
  ["[a-", "-", true],
  ["\\", "\\", true],
  ["", "", true],
  ["", "a", false],
  ["*", "", true],
  ["**", "\xff\0", true],
  ["[\xf0-\xff]", "\xf8", true],
])("%j matches %j: %s", (pattern, text, expected) => expect(matches(pattern, text)).toBe(expected));

test("a pattern of many stars takes no longer than pattern times text", () => {
  // with one try for every way to divide the text this would not end
  expect(matches(`${"a*".repeat(200)}b`, "a".repeat(512))).toBe(false);
});
