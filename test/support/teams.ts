// The kustomization that config/namespaced/README.md shows, made out of the page, beside a copy of config.
import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const config = resolve(import.meta.dirname, "../../config");

/** The folder with it; the caller removes what is above. Its namespaces are team-a and team-b. */
export const makeTeams = async (): Promise<{ readonly dir: string; readonly kustomization: string }> => {
  const dir = await mkdtemp(join(tmpdir(), "kvr-teams-"));
  await cp(config, join(dir, "config"), { recursive: true });
  const page = await readFile(join(config, "namespaced/README.md"), "utf8");
  for (const [, text = ""] of page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)) {
    const file = /^# (\S+)$/m.exec(text)?.[1];
    if (file === undefined) throw new Error(`a block of the page does not begin with the name of its file:\n${text}`);
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  return { dir, kustomization: join(dir, "teams") };
};
