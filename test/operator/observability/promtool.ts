// Plays series to promtool's rule tests: what an instance's pods tell, minute by minute, and which alerts it is to have at a minute.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { resolveTools } from "../../cluster/toolchain.ts";

const run = promisify(execFile);

/** promtool's notation: `0+60x30` begins with 0 and adds 60 thirty times; `_x5` is five minutes without a sample. */
export interface Series {
  readonly series: string;
  readonly values: string;
}

export interface Expected {
  readonly exp_labels: Readonly<Record<string, string>>;
  readonly exp_annotations: Readonly<Record<string, string>>;
}

/** The alerts of this name, of all instances, at this minute. */
export interface Check {
  readonly alertname: string;
  readonly minute: number;
  readonly expected: readonly Expected[];
}

export const series = (metric: string, labels: Readonly<Record<string, string>>, values: string): Series => ({
  series: `${metric}{${Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(",")}}`,
  values,
});

export interface Promtool extends AsyncDisposable {
  /** What promtool printed; throws when it refuses the rules. */
  check(groups: readonly object[]): Promise<string>;
  /** Empty when all checks hold, else promtool's words. The rules are evaluated every so many minutes, every minute if nothing is said. */
  test(groups: readonly object[], input: readonly Series[], checks: readonly Check[], everyMinutes?: number): Promise<string>;
}

/** Samples come every minute. */
export const startPromtool = async (): Promise<Promtool> => {
  const { promtool } = await resolveTools(["promtool"]);
  const dir = await mkdtemp(join(tmpdir(), "kvr-rules-"));
  let files = 0;
  const write = async (content: object): Promise<string> => {
    const file = join(dir, `${++files}.yaml`);
    await writeFile(file, stringify(content, { lineWidth: 0, aliasDuplicateObjects: false }));
    return file;
  };
  return {
    check: async (groups) => (await run(promtool, ["check", "rules", "--lint=all", "--lint-fatal", await write({ groups })])).stdout,
    test: async (groups, input, checks, everyMinutes = 1) => {
      const tests = [{ interval: "1m", input_series: input, alert_rule_test: checks.map(({ alertname, minute, expected }) => ({ eval_time: `${minute}m`, alertname, exp_alerts: expected })) }];
      const file = await write({ rule_files: [await write({ groups })], evaluation_interval: `${everyMinutes}m`, tests });
      // a tenth less of the processor, for memory that is there
      return run(promtool, ["test", "rules", file], { maxBuffer: 2 ** 26, env: { ...process.env, GOGC: "400" } }).then(
        () => "",
        (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
      );
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
};
