import { checkHealth, healthText } from "#lib/health";
import { expect, test } from "vitest";

test("one failing check fails the whole, and says why", () => {
  const report = checkHealth({ listening: () => undefined, draining: () => "the process is stopping" });
  expect(report.ok).toBe(false);
  expect(healthText(report, false)).toBe("[+]listening ok\n[-]draining failed: the process is stopping\nnot ok\n");
});

test("health is terse unless asked", () => {
  const report = checkHealth({ listening: () => undefined });
  expect(healthText(report, false)).toBe("ok\n");
  expect(healthText(report, true)).toBe("[+]listening ok\nok\n");
});
