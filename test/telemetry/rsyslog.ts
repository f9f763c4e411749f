// A log shipper as an ordinary process: rsyslog reads a file of lines, parses each as JSON, and writes of each what a template names.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

const program = "/usr/sbin/rsyslogd";

const config = (folder: string): string => `
global(workDirectory="${folder}/state" maxMessageSize="64k")
module(load="imfile" mode="polling" pollingInterval="1")
module(load="mmjsonparse")
template(name="fields" type="string" string="%$!service%|%$!tenant%|%$!level%|%$!msg%|%$!err!type%\\n")
template(name="unread" type="string" string="%msg%\\n")
ruleset(name="log") {
  action(type="mmjsonparse" cookie="")
  if $parsesuccess == "OK" then action(type="omfile" file="${folder}/parsed" template="fields")
  else action(type="omfile" file="${folder}/unread" template="unread")
}
input(type="imfile" file="${folder}/log" tag="kv" ruleset="log" freshStartTail="off")
`;

export interface Shipped {
  /** service|tenant|level|message|type of the error, of each line that was parsed. */
  readonly parsed: readonly string[];
  /** Lines that were not. */
  readonly unread: readonly string[];
}

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : []);

/** The folder is the shipper's alone. */
export const ship = async (folder: string, lines: readonly string[]): Promise<Shipped> => {
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "rsyslog.conf"), config(folder));
  writeFileSync(join(folder, "log"), lines.map((line) => `${line}\n`).join(""));
  // a copy: where the distribution confines the program by its path, it could not read here
  copyFileSync(program, join(folder, "rsyslogd"));
  const child = spawn(join(folder, "rsyslogd"), ["-n", "-f", join(folder, "rsyslog.conf"), "-i", "NONE"], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (part: Buffer) => void (complaints += part.toString()));
  const ended = once(child, "exit");
  const shipped = () => ({ parsed: linesOf(join(folder, "parsed")), unread: linesOf(join(folder, "unread")) });
  try {
    await expect.poll(() => (child.exitCode === null ? shipped().parsed.length + shipped().unread.length : complaints), { timeout: 30_000 }).toBe(lines.length);
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
  return shipped();
};
