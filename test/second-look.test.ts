// What deserves a second look: a few files that failed, never a run that failed as a whole.
import { expect, test } from "vitest";
import { deservesSecondLook, failures, mostUnstable, type Report } from "./second-look.ts";

const file = (name: string, tests: Readonly<Record<string, string>>, status = "failed") => ({ name, status, assertionResults: Object.entries(tests).map(([fullName, state]) => ({ fullName, status: state })) });
const report: Report = { testResults: [file("a", { one: "passed", two: "failed" }), file("b", {}, "passed"), file("c", { three: "skipped" })] };

test("names the files and tests that failed, also a file that failed before its tests", () =>
  expect(failures(report)).toEqual([
    { file: "a", tests: ["two"] },
    { file: "c", tests: [] },
  ]));

test.each([
  [0, false],
  [1, true],
  [mostUnstable, true],
  [mostUnstable + 1, false],
])("%i failed files: %s", (count, expected) => expect(deservesSecondLook(Array.from({ length: count }, () => ({ file: "a", tests: [] })))).toBe(expected));
