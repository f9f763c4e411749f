// Writes what an image holds as a build context: runtime/ and app/, the folders that the Containerfiles copy.
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ImageContent } from "./image-content.ts";
import type { TarEntry } from "./tar.ts";

/** Modes as given whatever the umask; time 0, so that two builds are one image. Owners are set by COPY, to root. */
const writeTree = (folder: string, entries: readonly TarEntry[]): void => {
  const folders = new Set<string>([folder]);
  for (const { path, mode, body } of entries) {
    const target = join(folder, path);
    for (let parent = dirname(target); !folders.has(parent); parent = dirname(parent)) folders.add(parent);
    mkdirSync(dirname(target), { recursive: true });
    if (body.type === "link") symlinkSync(body.target, target);
    else if (body.type === "dir") {
      mkdirSync(target, { recursive: true });
      folders.add(target);
      chmodSync(target, mode);
    } else {
      writeFileSync(target, Buffer.concat(body.chunks));
      chmodSync(target, mode);
      utimesSync(target, 0, 0);
    }
  }
  const given = new Set(entries.map(({ path }) => join(folder, path)));
  for (const each of folders) {
    if (!given.has(each)) chmodSync(each, 0o755);
    utimesSync(each, 0, 0);
  }
};

/** Empties the folder first. */
export const writeContext = (folder: string, { runtime, app }: Pick<ImageContent, "runtime" | "app">): void => {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, entries] of Object.entries({ runtime, app })) {
    mkdirSync(join(folder, name), { recursive: true });
    writeTree(join(folder, name), entries);
  }
};
