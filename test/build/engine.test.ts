// Which engine builds, and what it is told.
import { expect, test } from "vitest";
import { buildCommand, findEngine } from "../../build/engine.ts";

test("the first engine that answers is taken: a docker client alone is none", () => {
  const works = (...names: string[]) => findEngine((command) => names.includes(command));
  expect(works("buildah", "docker")).toBe("docker");
  expect(works("buildah", "podman")).toBe("podman");
  expect(works("buildah")).toBe("buildah");
  expect(works()).toBeUndefined();
});

const build = { containerfile: "containers/a.Containerfile", context: "ctx", name: "localhost/kvr/a:1", args: { BASE: "scratch" }, labels: { x: "y z" } };

test.each(["docker", "podman", "buildah"] as const)("%s: one Containerfile, one context, no time in the image", (engine) => {
  const command = buildCommand(engine, build);
  expect(command.slice(0, 2)).toEqual([engine, "build"]);
  expect(command.join(" ")).toContain("--file containers/a.Containerfile --tag localhost/kvr/a:1 --build-arg BASE=scratch --label x=y z ctx");
  expect(command.join(" ")).toMatch(engine === "docker" ? /SOURCE_DATE_EPOCH=0/ : /--timestamp 0/);
});
