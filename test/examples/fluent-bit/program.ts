// A real Fluent Bit: KVR_TOOLS_DIR, then the cache, then a build of the sources that the npm package fluent-bit carries.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isExecutable } from "../../cluster/executable.ts";
import { withLock } from "../../cluster/lock-file.ts";

const run = promisify(execFile);

/** Fluent Bit 1.8.15. What a later one knows beside that stands in `newer` of config.ts. */
const tarball = { name: "fluent-bit@0.0.3", sha512: "aphqYAdWbA78zBOJZ8MMThiMGRKQHFoPl988INriZRnTPYrryyyPlG8csC3ZZOe/xAYgbuBZ4mY94i+RyDRGFQ==" };

/** Everything else is left out, which makes the build short. */
const plugins = ["IN_TAIL", "IN_EMITTER", "IN_STORAGE_BACKLOG", "IN_LIB", "OUT_LIB", "OUT_ES", "OUT_LOKI", "OUT_NULL", "FILTER_KUBERNETES", "FILTER_LUA"];
const features = ["EXAMPLES", "SHARED_LIB", "PROXY_GO", "AWS", "SIGNV4", "BACKTRACE", "STREAM_PROCESSOR", "CUSTOM_CALYPTIA"];

// the package lacks the sources of Onigmo; Oniguruma, from which it came, has the same functions and the same syntax of Ruby
const oniguruma = `file(WRITE \${CMAKE_CURRENT_BINARY_DIR}/include/onigmo.h "#include <oniguruma.h>\\n")
include_directories(\${CMAKE_CURRENT_BINARY_DIR}/include)
add_library(libonigmo INTERFACE IMPORTED GLOBAL)
set_target_properties(libonigmo PROPERTIES INTERFACE_LINK_LIBRARIES onig)
`;

const key = createHash("sha256").update(JSON.stringify([process.platform, process.arch, tarball, plugins, features, oniguruma])).digest("hex").slice(0, 16);
const cacheRoot = () => join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "kv-responder", "tools");

const fetchSources = async (dir: string): Promise<string> => {
  const { stdout } = await run("npm", ["pack", tarball.name, "--silent", "--pack-destination", dir]);
  const file = join(dir, stdout.trim());
  const digest = createHash("sha512").update(await readFile(file)).digest("base64");
  if (digest !== tarball.sha512) throw new Error(`${tarball.name} is not what was pinned: sha512 ${digest}`);
  await run("tar", ["-xzf", file, "-C", dir]);
  return join(dir, "package/src/fluent-bit");
};

const build = async (dir: string, log: (line: string) => void): Promise<string> => {
  const sources = await fetchSources(dir);
  await writeFile(join(sources, "cmake/onigmo.cmake"), oniguruma);
  const options = [...(await readFile(join(sources, "CMakeLists.txt"), "utf8")).matchAll(/^option\(FLB_((?:IN|OUT|FILTER)_\w+)/gm)].map(([, name = ""]) => name);
  const off = [...options.filter((name) => !plugins.includes(name)), ...features].map((name) => `-DFLB_${name}=Off`);
  const out = join(dir, "build");
  await mkdir(out);
  const quiet = { cwd: out, maxBuffer: 2 ** 26 };
  await run("cmake", [sources, "-DFLB_RELEASE=On", ...off], quiet);
  log("compiling fluent-bit");
  await run("make", ["-j2", "fluent-bit-bin"], quiet);
  return join(out, "bin/fluent-bit");
};

/** Its path. The build wants a C compiler, cmake, flex, bison and Oniguruma (test/cluster/install-packages.sh), and takes two minutes once. */
export const fluentBit = async (log: (line: string) => void = (line) => void process.stderr.write(`${line}\n`)): Promise<string> => {
  const given = process.env["KVR_TOOLS_DIR"] && join(process.env["KVR_TOOLS_DIR"], "fluent-bit");
  if (given && (await isExecutable(given))) return given;
  const folder = join(cacheRoot(), `fluent-bit-${key}`);
  const file = join(folder, "fluent-bit");
  if (await isExecutable(file)) return file;
  await mkdir(folder, { recursive: true });
  await withLock(`${file}.lock`, async () => {
    if (await isExecutable(file)) return;
    log(`building fluent-bit from source, once (about 2 min on 2 cores); kept in ${folder}`);
    const dir = await mkdtemp(join(tmpdir(), "fluent-bit-"));
    try {
      await copyFile(await build(dir, log), `${file}.new`);
      await rename(`${file}.new`, file);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
  return file;
};
