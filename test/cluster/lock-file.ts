// One process at a time, by a file: a lock whose holder died, or has not touched it for a minute, is free.
import { link, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const abandonedMs = 60_000;
const touchMs = 10_000;
const retryMs = 50;

const isCode = (error: unknown, code: string) => error instanceof Error && "code" in error && error.code === code;

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
};

/** The holder's pid as written; undefined when the lock is free. "" while the holder is still writing it. */
const holderOf = async (file: string) => readFile(file, "utf8").catch(() => undefined);

const isStale = async (file: string, holder: string, now: number): Promise<boolean> => {
  if (holder !== "" && !alive(Number(holder))) return true;
  const touched = await stat(file).then(
    (s) => s.mtimeMs,
    () => now,
  );
  return now - touched > abandonedMs;
};

/** If another has seized it meanwhile, what was moved aside is theirs and goes back. */
const seize = async (file: string, stale: string) => {
  const aside = `${file}.${process.pid}`;
  await rename(file, aside).catch(() => {});
  if ((await holderOf(aside)) !== stale) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
};

/**
 * Waits for the lock, runs `work`, frees the lock.
 * `onWait` is called once, with the holder's pid, when the lock is not free at first.
 * Two that seize a stale lock in the same instant may both get it: whatever `work` writes must be renamed into place.
 */
export const withLock = async <T>(file: string, work: () => Promise<T>, onWait: (holder: string) => void = () => {}): Promise<T> => {
  let waited = false;
  for (;;) {
    const handle = await open(file, "wx").catch((error: unknown) => {
      if (isCode(error, "EEXIST")) return undefined;
      throw error;
    });
    if (handle !== undefined) {
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    }
    const holder = await holderOf(file);
    if (holder === undefined) continue;
    if (await isStale(file, holder, Date.now())) {
      await seize(file, holder);
      continue;
    }
    if (!waited) onWait(holder);
    waited = true;
    await delay(retryMs);
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, touchMs);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(file, { force: true });
  }
};
