// `node test/second-look.ts PROJECT...`: runs vitest projects; a file that failed is run once more, alone, and told as unstable when it passes then.
// Real processes on a busy machine meet delays that no wait foresees, and a run of half an hour should not be lost to one. Each project's own `retry` stays 0.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

/** vitest's JSON report, as far as it is read here. */
export interface Report {
  readonly testResults: readonly { readonly name: string; readonly status: string; readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[] }[];
}

export interface Failure {
  readonly file: string;
  /** None when the file failed outside of its tests. */
  readonly tests: readonly string[];
}

/** More at once are a broken build, not a busy machine. */
export const mostUnstable = 3;

export const failures = ({ testResults }: Report): readonly Failure[] =>
  testResults
    .filter(({ status }) => status === "failed")
    .map(({ name, assertionResults }) => ({ file: name, tests: assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName) }));

/** Whether a run that failed deserves a second look. One without a failed file failed as a whole: an unhandled error, a file that was not found. */
export const deservesSecondLook = (failed: readonly Failure[]): boolean => failed.length > 0 && failed.length <= mostUnstable;

const runOnce = async (args: readonly string[], folder: string): Promise<{ readonly passed: boolean; readonly failed: readonly Failure[] }> => {
  const report = join(folder, "report.json");
  await rm(report, { force: true });
  const child = spawn("vitest", ["run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`], { stdio: "inherit" });
  const [code] = (await once(child, "close")) as [number | null];
  const read = await readFile(report, "utf8").catch(() => undefined);
  return { passed: code === 0, failed: read === undefined ? [] : failures(JSON.parse(read) as Report) };
};

const main = async (projects: readonly string[]): Promise<boolean> => {
  const folder = await mkdtemp(join(tmpdir(), "kvr-second-look-"));
  const chosen = projects.flatMap((project) => ["--project", project]);
  try {
    const first = await runOnce(chosen, folder);
    if (first.passed) return true;
    if (!deservesSecondLook(first.failed)) return false;
    const named = first.failed.map(({ file, tests }) => `  ${relative(".", file)}: ${tests.join("; ") || "outside of its tests"}`).join("\n");
    console.log(`a second look, alone, at what failed:\n${named}`);
    const second = await runOnce([...chosen, "--no-file-parallelism", ...first.failed.map(({ file }) => relative(".", file))], folder);
    if (second.passed) console.log(`UNSTABLE: passed at the second look; mend what made these fail:\n${named}`);
    return second.passed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

if (import.meta.main) process.exit((await main(process.argv.slice(2))) ? 0 : 1);
