// Runs the examples of docs/http-api.md with curl and compares what comes back. UPDATE_GOLDEN=1 writes what came.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { noReplication, type Replication } from "../../../responder/replication/port.ts";
import { updating } from "../../support/golden.ts";
import { comparable, examplesOf, tidy, transcript, type Example } from "../../support/transcripts.ts";
import { openApi } from "./harness.ts";

const page = resolve(import.meta.dirname, "../../../docs/http-api.md");
const run = promisify(execFile);

/** Two, of which one has everything and the other is cut off. */
const twoPeers: Replication = {
  ...noReplication,
  peers: () => 2,
  wait: (_position, wanted, _timeoutMs, done) => {
    done({ acknowledged: 1, of: 2, met: wanted <= 1 });
    return () => {};
  },
};

test("each example answers what the page says", async () => {
  const api = await openApi({ maxValueBytes: 2 ** 20, budgetBytes: 2 ** 25, replication: () => twoPeers });
  const cwd = await mkdtemp(join(tmpdir(), "kvr-docs-"));
  try {
    const text = await readFile(page, "utf8");
    const blocks = [...text.matchAll(transcript)].map(([, inside = ""]) => examplesOf(inside));
    expect(blocks.flat().length).toBeGreaterThan(20);
    const seen: Example[][] = [];
    for (const examples of blocks) {
      seen.push([]);
      for (const { command, output } of examples) {
        const { stdout } = await run("bash", ["-c", command.replaceAll("localhost:3000", `127.0.0.1:${api.port}`)], { cwd });
        const came = tidy(stdout);
        // what is the same but for its versions stays as it is on the page
        seen.at(-1)?.push({ command, output: comparable(came) === comparable(output) ? output : came });
      }
    }
    const written = (examples: readonly Example[]) => examples.map(({ command, output }) => `$ ${command}\n${output === "" ? "" : `${output}\n`}`).join("");
    let next = 0;
    const actual = text.replace(transcript, () => `\`\`\`console\n${written(seen[next++] ?? [])}\`\`\``);
    if (updating) await writeFile(page, actual);
    else expect(actual).toBe(text);
  } finally {
    await rm(cwd, { recursive: true });
    await api.close();
  }
});
