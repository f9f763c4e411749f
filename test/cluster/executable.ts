// Whether a path is a program that we may run.
import { access, constants, stat } from "node:fs/promises";

export const isExecutable = async (file: string): Promise<boolean> => {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
};
