// Compares text with a committed file. UPDATE_GOLDEN=1 writes the file instead, for a person to read the diff.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";

export const updating = process.env.UPDATE_GOLDEN === "1";

export const expectGolden = (file: string, actual: string): void => {
  if (updating) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
  }
  expect(existsSync(file), `${file} is missing; write it with UPDATE_GOLDEN=1`).toBe(true);
  expect(actual).toBe(readFileSync(file, "utf8"));
};

/** Every `X.input.<ext>` of a folder, with the path of its `X.output.<ext>`: the folder is the test. */
export const goldenCases = (folder: string, inputSuffix: string, outputSuffix: string): readonly { readonly name: string; readonly input: string; readonly output: string }[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(inputSuffix))
    .toSorted()
    .map((file) => {
      const name = file.slice(0, -inputSuffix.length);
      return { name, input: join(folder, file), output: join(folder, `${name}${outputSuffix}`) };
    });

/** Outputs whose input is gone. */
export const orphans = (folder: string, inputSuffix: string, outputSuffix: string): readonly string[] =>
  readdirSync(folder).filter((file) => file.endsWith(outputSuffix) && !existsSync(join(folder, `${file.slice(0, -outputSuffix.length)}${inputSuffix}`)));
