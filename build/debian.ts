// Which distribution packages the shared libraries come from that an image takes from this machine.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface DistroPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** "debian", "ubuntu". */
  readonly distro: string;
}

/** "libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6" for each file; one that no package owns has no line. */
export const parseOwners = (output: string): string[] => [...new Set(output.split("\n").flatMap((line) => /^([^\s,]+): \//.exec(line)?.[1] ?? []))].sort();

const ask = (argv: readonly string[]): string => {
  try {
    return execFileSync("dpkg-query", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, LC_ALL: "C" } });
  } catch (error) {
    // it prints what it found and fails for the rest; without dpkg there is nothing
    return String((error as { stdout?: string }).stdout ?? "");
  }
};

const distroId = (): string => {
  try {
    return /^ID=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1]?.replaceAll('"', "") ?? "debian";
  } catch {
    return "debian";
  }
};

/** Empty on a machine without dpkg: the libraries are then listed as files alone. */
export const distroPackagesOf = (files: readonly string[]): readonly DistroPackage[] => {
  // dpkg knows some of them by the path before /lib became a link to /usr/lib, some by the one after
  const owners = parseOwners(ask(["-S", ...files.flatMap((path) => [path, path.startsWith("/usr/") ? path.slice(4) : `/usr${path}`])]));
  if (owners.length === 0) return [];
  const distro = distroId();
  return ask(["-W", "-f", "${Package} ${Version} ${Architecture}\n", ...owners])
    .split("\n")
    .flatMap((line) => {
      const [name, version, architecture] = line.split(" ");
      return name && version && architecture ? [{ name, version, architecture, distro }] : [];
    });
};
