// Imports image archives into the node's containerd.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { guarded } from "./guard.ts";

const importImage = async (ctr: string, socket: string, archive: string): Promise<void> => {
  const [program = "", ...args] = guarded([ctr, `--address=${socket}`, "--namespace=k8s.io", "images", "import", "--local", archive]);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 120_000, killSignal: "SIGKILL" });
  const [errors, [code, signal]] = await Promise.all([text(child.stderr), once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>]);
  if (code !== 0) throw new Error(`import ${archive}: ${signal ?? errors.trim()}`);
};

/** One after the other: the second finds the layers that it shares with the first. */
export const importImages = async (ctr: string, socket: string, archives: readonly string[]): Promise<void> => {
  for (const archive of archives) await importImage(ctr, socket, archive);
};
