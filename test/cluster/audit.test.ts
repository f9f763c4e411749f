// Reading an audit log that is being written.
import { expect, test } from "vitest";
import { parseAuditLog } from "./audit.ts";

const line = (auditID: string) => JSON.stringify({ auditID, verb: "get" });

test("entries in the order of the file; a line without its end is not one yet", () => {
  const whole = `${line("a")}\n${line("b")}\n`;
  expect(parseAuditLog(whole).map((e) => e.auditID)).toEqual(["a", "b"]);
  expect(parseAuditLog(`${whole}{"auditID":"c","ve`).map((e) => e.auditID)).toEqual(["a", "b"]);
  expect(parseAuditLog(`${whole}${line("c")}`).map((e) => e.auditID)).toEqual(["a", "b"]);
});

test("an empty log has none", () => expect(parseAuditLog("")).toEqual([]));
