// Writes a container's log file as containerd does: time, stream and tag before each line, and a line of more than 16 KiB in parts.
import { appendFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";

export interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export type Stream = "stdout" | "stderr";

export interface ContainerLine {
  readonly stream: Stream;
  /** Nanoseconds, as containerd writes it. */
  readonly time: string;
  readonly text: string;
}

const partBytes = 16 * 1024;

const parts = (text: string): string[] => {
  const bytes = Buffer.from(text);
  // cut between bytes, as containerd does, whatever character they belong to: kept apart as latin1
  const found: string[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += partBytes) found.push(bytes.subarray(at, at + partBytes).toString("latin1"));
  return found;
};

export const criLines = ({ stream, time, text }: ContainerLine): string[] => {
  const all = parts(text);
  return all.map((part, index) => `${time} ${stream} ${index < all.length - 1 ? "P" : "F"} ${part}\n`);
};

const idOf = (of: Container): string => createHash("sha256").update(JSON.stringify(of)).digest("hex");

export const logFile = (folder: string, of: Container): string => join(folder, `${of.pod}_${of.namespace}_${of.container}-${idOf(of)}.log`);

export const writeLog = (folder: string, of: Container, lines: readonly string[]): Promise<void> => appendFile(logFile(folder, of), lines.join(""), "latin1");
