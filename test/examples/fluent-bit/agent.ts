// A running Fluent Bit in a root of its own, and what it says.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { guarded } from "../../cluster/guard.ts";
import { fluentBit } from "./program.ts";

export interface Agent {
  /** What it has logged. */
  readonly log: () => string;
  /** Resolves when it is gone. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

// the mounts are in a namespace of their own, and gone with the process
const inRoot = `
  set -eu
  for folder in usr bin sbin lib lib64 etc dev proc; do
    [ -e "/$folder" ] || continue
    mkdir -p "$1/$folder"
    mount --rbind "/$folder" "$1/$folder"
  done
  exec chroot "$1" /fluent-bit/fluent-bit --config=/fluent-bit/etc/fluent-bit.conf
`;

export const startAgent = async (root: string, env: Readonly<Record<string, string>>): Promise<Agent> => {
  await copyFile(await fluentBit(), join(root, "fluent-bit/fluent-bit"));
  const alone = ["unshare", "--mount", "--propagation=private", ...(process.getuid?.() === 0 ? [] : ["--map-root-user"])];
  const [program = "", ...args] = guarded([...alone, "sh", "-c", inRoot, "sh", root]);
  const child = spawn(program, args, { env: { PATH: process.env["PATH"], ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => void parts.push(part));
  const ended = once(child, "close");
  return {
    log: () => Buffer.concat(parts).toString(),
    stop: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
};
