// Choosing a Go, and fetching one that is exactly what was pinned.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { canBuild, fetchGo, findGo, moduleSum } from "./go.ts";
import { readZip } from "./zip.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "kvr-go-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("a Go can build", () => {
  test.each([
    ["go1.26.6", "local", true],
    ["go1.26.8", "local", true],
    ["go1.27.0", "local", true],
    ["go1.27rc1", "local", true],
    ["go2.0.0", "local", true],
    ["go1.26.5", "local", false],
    ["go1.26.5", "auto", true],
    ["go1.21.0", "local+auto", true],
    ["go1.20.9", "auto", false],
    ["", "", false],
  ])("%s with GOTOOLCHAIN=%s: %s", (version, toolchain, verdict) => expect(canBuild(version, toolchain)).toBe(verdict));
});

test("the first Go in PATH that is new enough is taken", async () => {
  for (const [name, version] of [["old", "1.19.8"], ["new", "1.30.0"]] as const) {
    await mkdir(join(dir, name));
    await writeFile(join(dir, name, "go"), `#!/bin/sh\nprintf 'go${version}\\nlocal\\n'\n`);
    await chmod(join(dir, name, "go"), 0o755);
  }
  const found = await findGo({ PATH: `${join(dir, "none")}:${join(dir, "old")}:${join(dir, "new")}` });
  expect(found).toBe(join(dir, "new", "go"));
});

/** One member deflated, the next stored. */
const zipOf = (files: readonly (readonly [name: string, text: string])[]): Buffer => {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [index, [name, text]] of files.entries()) {
    const raw = Buffer.from(text);
    const body = index % 2 === 0 ? deflateRawSync(raw) : raw;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(index % 2 === 0 ? 8 : 0, 4);
    common.writeUInt32LE(crc32(raw), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(raw.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, Buffer.from(name), body]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from("PK\u0001\u0002\0\0"), common, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006");
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
};

const module = "golang.org/toolchain@v0.0.1-go9.9.9.linux-test";
const archive = zipOf([
  [`${module}/src/_go.mod`, "module std\n"],
  [`${module}/bin/go`, "#!/bin/sh\necho I am go\n"],
  [`${module}/README.md`, "read me\n"],
]);
// as `sha256sum $(find . -type f | LC_ALL=C sort) | sha256sum` gives it, in base64
const sum = "h1:20VZFpMpGBiL6BX2akDfutSjL+kg7MI6ONhgIbiwslU=";
const release = { version: "9.9.9", platform: "linux-test", sum };

describe("fetching Go", () => {
  let server: Server;
  let asked: string[];
  let env: NodeJS.ProcessEnv;
  const log = () => {};
  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end(archive);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    env = { GOPROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port},direct` };
  });
  afterEach(() => server.close());

  test("unpacks the pinned release once, ready to run", async () => {
    const go = await fetchGo({ root: dir, env, log }, release);
    expect(execFileSync(go, { encoding: "utf8" })).toBe("I am go\n");
    expect(await readFile(join(dir, "go9.9.9-linux-test", "src", "go.mod"), "utf8")).toBe("module std\n");
    expect(await fetchGo({ root: dir, env, log }, release)).toBe(go);
    expect(asked).toEqual(["/golang.org/toolchain/@v/v0.0.1-go9.9.9.linux-test.zip"]);
    expect(await readdir(dir)).toEqual(["go9.9.9-linux-test"]);
  });

  test("two at once unpack it once", async () => {
    const [one, two] = await Promise.all([fetchGo({ root: dir, env, log }, release), fetchGo({ root: dir, env, log }, release)]);
    expect(one).toBe(two);
    expect(asked).toHaveLength(1);
  });

  test("refuses what differs from the pin, and keeps nothing of it", async () => {
    const fetched = fetchGo({ root: dir, env, log }, { ...release, sum: "h1:other" });
    await expect(fetched).rejects.toThrow("is not the official release");
    expect(await readdir(dir)).toEqual([]);
  });
});

test("the sum is the one of go.sum", () => expect(moduleSum(readZip(archive))).toBe(sum));

test("what is no zip archive is said to be none", () => expect(() => readZip(Buffer.from("<html>"))).toThrow("not a zip archive"));
