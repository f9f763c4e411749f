// Where a tool comes from, what its cache key stands for, and that a build is whole or absent.
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { moduleKey, resolveAll, resolveTools, type ResolveOptions, type ToolCatalogue } from "./toolchain.ts";
import { buildFlags, toolModules, toolNames, tools } from "./tools.ts";
import { waitFor } from "./wait.ts";

const fixtures = join(import.meta.dirname, "..", "fixtures", "tools");

let dir: string;
let lines: string[];
let catalogue: ToolCatalogue;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "kvr-tools-"));
  lines = [];
  await cp(fixtures, join(dir, "modules"), { recursive: true });
  catalogue = {
    dir: join(dir, "modules"),
    modules: { hello: { variables: { "main.greeting": "hi" } } },
    tools: { hello: { module: "hello", package: ".", seconds: 7 }, again: { module: "hello", package: "./again", seconds: 90 } },
  };
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const program = async (file: string, script: string) => {
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
};

/** A go command that notes how it was called, writes half a program, and the rest once the gate file is there. */
const fakeGo = () =>
  program(
    join(dir, "go"),
    `echo "$PWD $CGO_ENABLED $GOFLAGS $GOWORK $*" >> ${dir}/calls
while [ "$1" != -o ]; do shift; done
echo half > "$2"; chmod +x "$2"
while [ ! -e ${dir}/gate ]; do sleep 0.02; done
echo whole >> "$2"`,
  );
const openGate = () => writeFile(join(dir, "gate"), "");
const calls = async () => (await readFile(join(dir, "calls"), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

const resolve = async (names: readonly string[], options: ResolveOptions = {}) => {
  const env = { PATH: process.env.PATH, XDG_CACHE_HOME: join(dir, "cache"), GOFLAGS: "-mod=mod", GOWORK: "/somewhere", ...options.env };
  return resolveAll(names, { log: (line) => lines.push(line), catalogue, provideGo: fakeGo, ...options, env });
};
const cached = async (name: string) =>
  join(dir, "cache", "kv-responder", "tools", `hello-${await moduleKey(join(dir, "modules", "hello"), buildFlags(catalogue.modules.hello ?? {}))}`, name);

describe("order", () => {
  test("KVR_TOOLS_DIR comes first, for the tools it holds", async () => {
    await openGate();
    await mkdir(join(dir, "given"));
    const given = await program(join(dir, "given", "hello"), "");
    expect(await resolve(["hello", "again"], { env: { KVR_TOOLS_DIR: join(dir, "given") } })).toEqual({ hello: given, again: await cached("again") });
    expect(await calls()).toHaveLength(1);
  });

  test("a folder or a file without the right to run is not a tool", async () => {
    await openGate();
    await mkdir(join(dir, "given", "hello"), { recursive: true });
    await writeFile(join(dir, "given", "again"), "");
    const found = await resolve(["hello", "again"], { env: { KVR_TOOLS_DIR: join(dir, "given") } });
    expect(found).toEqual({ hello: await cached("hello"), again: await cached("again") });
  });

  test("then the cache, without Go and without a word", async () => {
    await openGate();
    await resolve(["hello"]);
    lines = [];
    const noGo = () => Promise.reject(new Error("nobody asks for Go"));
    expect(await resolve(["hello"], { provideGo: noGo })).toEqual({ hello: await cached("hello") });
    expect(lines).toEqual([]);
  });

  test("then a build, of what was asked for alone", async () => {
    await openGate();
    expect(await resolve(["hello"])).toEqual({ hello: await cached("hello") });
    const [call = "", ...more] = await calls();
    expect(more).toEqual([]);
    expect(call).toMatch(new RegExp(`^${dir}/modules/hello 0 -buildvcs=false off build -trimpath -ldflags=-s -w -X main.greeting=hi -o .* \\.$`));
  });

  test("without XDG_CACHE_HOME the cache is in ~/.cache", async () => {
    await openGate();
    const found = await resolve(["hello"], { env: { XDG_CACHE_HOME: "", HOME: join(dir, "home") } });
    expect(found.hello).toContain(join(dir, "home", ".cache", "kv-responder", "tools", "hello-"));
  });
});

describe("progress", () => {
  test("the first line tells everything that will be built and how long it takes", async () => {
    await openGate();
    await resolve(["again", "hello"]);
    expect(lines[0]).toBe(`building from source, once: hello 7 s, again 90 s; about 2 min in all on 2 cores; kept in ${join(dir, "cache", "kv-responder", "tools")}`);
    expect(lines.slice(1).map((line) => line.replace(/\d+ s$/, "N s"))).toEqual([
      "building hello (usually 7 s on 2 cores)",
      "built hello in N s",
      "building again (usually 90 s on 2 cores)",
      "built again in N s",
    ]);
  });
});

describe("failure", () => {
  test("no Go and nothing cached: what is missing, why, and what to install", async () => {
    const provideGo = () => Promise.reject(new Error("fetch https://proxy: no network"));
    await expect(resolve(["hello"], { provideGo })).rejects.toThrow(
      "no Go to build hello with, and none to be had (fetch https://proxy: no network): install Go 1.26 or later (https://go.dev/dl), or set KVR_TOOLS_DIR",
    );
  });

  test("a build that fails shows what Go said and leaves nothing", async () => {
    const broken = () => program(join(dir, "go"), "echo 'main.go:3: no such thing' >&2; exit 1");
    await expect(resolve(["hello"], { provideGo: broken })).rejects.toThrow(/failed \(exit 1\):\nmain.go:3: no such thing/);
    expect(await readdir(join(await cached("hello"), ".."))).toEqual([]);
  });

  test("a name that is in no table builds nothing", async () => {
    await expect(resolve(["hello", "docker"])).rejects.toThrow("unknown tool docker: choose from hello, again");
    expect(await calls()).toEqual([]);
  });
});

describe("the key", () => {
  const key = (flags: readonly string[] = ["-s"]) => moduleKey(join(dir, "modules", "hello"), flags);

  test("is the same for the same module, and changes with any file and any flag", async () => {
    const keys = [await key()];
    expect(await key()).toBe(keys[0]);
    keys.push(await key(["-s", "-w"]));
    for (const file of ["go.mod", "go.sum", "main.go", "other.go"]) {
      await writeFile(join(dir, "modules", "hello", file), `// ${file}\n`);
      keys.push(await key());
    }
    expect(new Set(keys).size).toBe(6);
  });
});

describe("two at once", () => {
  test("build once, and neither gets half a program", async () => {
    const both = Promise.all([resolve(["hello"]), resolve(["hello"])]);
    const folder = join(await cached("hello"), "..");
    await waitFor("the build to be half done", async () => (await readdir(folder)).some((name) => name.includes(".building-")));
    expect(await readdir(folder)).not.toContain("hello");
    await openGate();
    const [one, two] = await both;
    expect(one).toEqual(two);
    expect(await readFile(await cached("hello"), "utf8")).toBe("half\nwhole\n");
    expect(await calls()).toHaveLength(1);
    expect(await readdir(folder)).toEqual(["hello"]);
  });

  test("what a killed build left is cleared by the next", async () => {
    await openGate();
    await mkdir(join(await cached("hello"), ".."), { recursive: true });
    await writeFile(`${await cached("hello")}.building-1`, "half");
    await resolve(["hello"]);
    expect(await readdir(join(await cached("hello"), ".."))).toEqual(["hello"]);
  });
});

describe("the table", () => {
  test("every tool has a module of its own folder, and every module is pinned", async () => {
    const folders = new Set(await readdir(join(import.meta.dirname, "tools")));
    const used = new Set(Object.values(tools).map((tool) => tool.module));
    expect(new Set(Object.keys(toolModules))).toEqual(used);
    expect([...used].filter((module) => !folders.has(module))).toEqual([]);
  });

  test("the packages are in their modules' go.mod", async () => {
    for (const name of toolNames) {
      const tool = tools[name];
      if (tool.package === ".") continue;
      const text = await readFile(join(import.meta.dirname, "tools", tool.module, "go.mod"), "utf8");
      expect(text.split(/\s+/), name).toContain(tool.package);
    }
  });

  test("Kubernetes says which version it is, and it is the pinned one", async () => {
    const text = await readFile(join(import.meta.dirname, "tools", "kubernetes", "go.mod"), "utf8");
    const pinned = /k8s\.io\/kubernetes (v\S+)/.exec(text)?.[1];
    expect(toolModules.kubernetes?.variables?.["k8s.io/component-base/version.gitVersion"]).toBe(pinned);
  });

  test("an unknown name does not compile", () => {
    // @ts-expect-error no such tool
    expect(() => resolveTools(["docker"])).toBeTypeOf("function");
  });
});
