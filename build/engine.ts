// Builds an image from its Containerfile with whichever of docker, podman and buildah works here.
import { execFileSync, spawnSync } from "node:child_process";

export const engines = ["docker", "podman", "buildah"] as const;
export type Engine = (typeof engines)[number];

export interface EngineBuild {
  readonly containerfile: string;
  readonly context: string;
  readonly name: string;
  readonly args: Readonly<Record<string, string>>;
  /** Beside those in the Containerfile. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Runs a program; true when it ended with 0. */
type Probe = (command: string, args: readonly string[]) => boolean;

const quietly: Probe = (command, args) => spawnSync(command, [...args], { stdio: "ignore", timeout: 30_000 }).status === 0;

/** The first that answers: a docker client without its daemon does not. */
export const findEngine = (probe: Probe = quietly): Engine | undefined => engines.find((engine) => probe(engine, ["info"]));

const flags = (name: string, values: Readonly<Record<string, string>>): string[] => Object.entries(values).flatMap(([key, value]) => [`--${name}`, `${key}=${value}`]);

// for one input one image: no time of the build, nothing of the builder's version
const reproducible: Readonly<Record<Engine, readonly string[]>> = {
  docker: ["--build-arg", "SOURCE_DATE_EPOCH=0"],
  podman: ["--timestamp", "0", "--identity-label=false"],
  // no instruction runs anything, so that no isolation is needed; a layer for each COPY, as the others make
  buildah: ["--timestamp", "0", "--identity-label=false", "--isolation", "chroot", "--layers"],
};

export const buildCommand = (engine: Engine, { containerfile, context, name, args, labels }: EngineBuild): readonly string[] => [
  engine,
  "build",
  ...reproducible[engine],
  "--file",
  containerfile,
  "--tag",
  name,
  ...flags("build-arg", args),
  ...flags("label", labels),
  context,
];

/** What the engine says goes to the terminal. Throws when it fails. */
export const runBuild = (engine: Engine, build: EngineBuild): void => {
  const [command = engine, ...args] = buildCommand(engine, build);
  execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
};
