// Looks through /proc for what a cluster may have left behind.
import { readdir, readFile } from "node:fs/promises";

/** "pid command line" of every process, other than this one, whose command line holds the text. */
export const processesMentioning = async (text: string): Promise<readonly string[]> => {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  const lines = await Promise.all(
    pids.map(async (pid) => `${pid} ${(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ").trim()}`),
  );
  return lines.filter((line) => line.includes(text));
};
