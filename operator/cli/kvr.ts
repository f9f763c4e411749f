#!/usr/bin/env node
// The command-line tool as a program: hands the process's arguments and streams to the command.
import { readFileSync } from "node:fs";
import { kvr } from "./command.ts";

// a reader that has seen enough (`| head`) is no error
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

// the code is set, not exited with: nothing that is still being written may be cut off
process.exitCode = await kvr(process.argv.slice(2), {
  read: (file) => readFileSync(file === "-" ? 0 : file, "utf8"),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  connect: async (options) => (await import("./connect.ts")).connect(options),
  now: Date.now,
});
