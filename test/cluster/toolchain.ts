// Finds the cluster's programs: KVR_TOOLS_DIR, then the per-user cache, then a build from the pinned modules.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isExecutable } from "./executable.ts";
import { fetchGo, findGo, type FetchGo } from "./go.ts";
import { goBuild, type GoBuild } from "./go-build.ts";
import { buildFlags, toolModules, tools, type Tool, type ToolModule, type ToolName } from "./tools.ts";

export interface ToolCatalogue {
  /** Holds one folder for each module. */
  readonly dir: string;
  readonly modules: Readonly<Record<string, ToolModule>>;
  readonly tools: Readonly<Record<string, Tool>>;
}

export interface ResolveOptions {
  /** Default: process.env; KVR_TOOLS_DIR, XDG_CACHE_HOME and PATH are read. */
  readonly env?: NodeJS.ProcessEnv;
  /** Progress of builds; silent when nothing is built. Default: standard error. */
  readonly log?: (line: string) => void;
  readonly catalogue?: ToolCatalogue;
  /** Path of a go command that can build; called only when something must be built. */
  readonly provideGo?: (need: FetchGo) => Promise<string>;
}

const own: ToolCatalogue = { dir: fileURLToPath(new URL("./tools", import.meta.url)), modules: toolModules, tools };

const toStderr = (line: string) => void process.stderr.write(`${line}\n`);

const cacheRoot = (env: NodeJS.ProcessEnv) => join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "kv-responder", "tools");

const findOrFetchGo = async (need: FetchGo): Promise<string> => (await findGo(need.env)) ?? fetchGo(need);

/** Of the module's files (go.mod, go.sum, sources), its flags and the platform. Not of Go's version: an upgrade, or a machine without Go, keeps what is built. */
export const moduleKey = async (dir: string, flags: readonly string[]): Promise<string> => {
  const hash = createHash("sha256").update(JSON.stringify([process.platform, process.arch, flags]));
  for (const file of (await readdir(dir)).sort()) hash.update(`\n${file}\n`).update(await readFile(join(dir, file)));
  return hash.digest("hex").slice(0, 16);
};

const announce = (builds: readonly GoBuild[], root: string): string => {
  const total = builds.reduce((sum, build) => sum + build.typicalSeconds, 0);
  const list = builds.map((build) => `${build.name} ${build.typicalSeconds} s`).join(", ");
  const about = total < 90 ? `${total} s` : `${Math.round(total / 60)} min`;
  return `building from source, once: ${list}; about ${about} in all on 2 cores; kept in ${root}`;
};

/** Paths of these tools, each built only if it is found nowhere. Throws when one must be built and there is neither Go nor a way to fetch it. */
export const resolveAll = async (names: readonly string[], options: ResolveOptions = {}): Promise<Readonly<Record<string, string>>> => {
  const { env = process.env, log = toStderr, catalogue = own, provideGo = findOrFetchGo } = options;
  const stranger = names.find((name) => !Object.hasOwn(catalogue.tools, name));
  if (stranger !== undefined) throw new Error(`unknown tool ${stranger}: choose from ${Object.keys(catalogue.tools).join(", ")}`);
  const root = cacheRoot(env);
  const found = new Map<string, string>();
  const builds: GoBuild[] = [];
  // in the table's order, so that the announced times hold
  for (const [name, tool] of Object.entries(catalogue.tools).filter(([name]) => names.includes(name))) {
    const given = env.KVR_TOOLS_DIR ? join(env.KVR_TOOLS_DIR, name) : undefined;
    if (given !== undefined && (await isExecutable(given))) {
      found.set(name, given);
      continue;
    }
    const moduleDir = join(catalogue.dir, tool.module);
    const flags = buildFlags(catalogue.modules[tool.module] ?? {});
    const file = join(root, `${tool.module}-${await moduleKey(moduleDir, flags)}`, name);
    found.set(name, file);
    if (!(await isExecutable(file))) builds.push({ name, moduleDir, package: tool.package, flags, file, typicalSeconds: tool.seconds });
  }
  if (builds.length > 0) {
    log(announce(builds, root));
    const go = await provideGo({ root, env, log }).catch((cause: unknown) => {
      throw new Error(noGo(builds, cause), { cause });
    });
    for (const build of builds) await goBuild(build, { go, env, log });
  }
  return Object.fromEntries(found);
};

const noGo = (builds: readonly GoBuild[], cause: unknown) =>
  `no Go to build ${builds.map((build) => build.name).join(", ")} with, and none to be had (${cause instanceof Error ? cause.message : String(cause)}): ` +
  "install Go 1.26 or later (https://go.dev/dl), or set KVR_TOOLS_DIR to a folder that holds these programs";

/** resolveAll for the tools of the table. */
export const resolveTools = async <N extends ToolName>(names: readonly N[], options?: Omit<ResolveOptions, "catalogue">): Promise<Readonly<Record<N, string>>> =>
  (await resolveAll(names, options)) as Record<N, string>;

