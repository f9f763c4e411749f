// What a machine is told that cannot start a node.
import { expect, test } from "vitest";
import { lacks } from "./node-requirements.ts";

test("anyone but root is told so, and what else there is", async () => {
  expect(await lacks(1000)).toContainEqual(expect.stringMatching(/^root, .*sudo.*CONTEXT/));
  expect((await lacks(0)).some((line) => line.startsWith("root"))).toBe(false);
});

test("missing programs are named by package, with the script that installs them", async () => {
  expect(await lacks(0, "/nonexistent")).toContain("packages runc, iptables, iproute2, util-linux, mount: run test/cluster/install-packages.sh");
});
