// Takes a picture of a page with Chromium, without a window and without a word to anybody.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "./page.ts";

const quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb"];

/** CHROMIUM: the path of another one than the first in PATH. */
export const takePicture = async ({ html, height }: Page, width: number, file: string): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "kvr-picture-"));
  try {
    await writeFile(join(folder, "page.html"), html);
    await promisify(execFile)(process.env["CHROMIUM"] ?? "chromium", [...quiet, `--user-data-dir=${folder}/profile`, `--window-size=${width},${height}`, `--screenshot=${file}`, `file://${folder}/page.html`], { timeout: 60_000 });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};
