// A wall clock that is wrong, for one process: libfaketime in its environment.
import { existsSync } from "node:fs";

const library = ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`).find(existsSync);

/** The wall clock alone: what a wrong date does to a machine. `how`: variables of libfaketime. */
export const fakeWall = (how: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  if (library === undefined) throw new Error("libfaketime is not there; install the Debian package faketime");
  return { LD_PRELOAD: library, FAKETIME_DONT_FAKE_MONOTONIC: "1", ...how };
};
