// Wraps a command so that the kernel kills it when its parent dies, however that happens.
import { existsSync } from "node:fs";

const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));

/** Where util-linux's setpriv is missing the command is returned as it is. The pid stays the same: setpriv becomes the command. */
export const guarded = (argv: readonly string[]): readonly string[] =>
  setpriv === undefined ? argv : [setpriv, "--pdeathsig", "KILL", "--", ...argv];
