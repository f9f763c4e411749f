// Which cgroup hierarchies a machine has.
import { expect, test } from "vitest";
import { parseHierarchies } from "./node-cgroup.ts";

const v1 = `22 1 0:20 / /proc rw,relatime - proc proc rw
30 29 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
31 29 0:27 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
32 29 0:28 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
33 29 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
90 29 0:28 /a/b /var/x rw,relatime - cgroup cgroup rw,pids
91 29 0:28 / /again rw,relatime - cgroup cgroup rw,pids
`;

test("v1: each hierarchy once, with its controllers; parts and second mounts are left out", () => {
  expect(parseHierarchies(v1)).toEqual([
    { mount: "/sys/fs/cgroup/cpu", version: 1, controllers: ["cpu", "cpuacct"] },
    { mount: "/sys/fs/cgroup/systemd", version: 1, controllers: ["name=systemd"] },
    { mount: "/sys/fs/cgroup/pids", version: 1, controllers: ["pids"] },
    { mount: "/sys/fs/cgroup/unified", version: 2, controllers: [] },
  ]);
});

test("v2: one hierarchy, whose path may hold escaped characters", () => {
  expect(parseHierarchies("35 24 0:30 / /sys/fs/c\\040group rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n")).toEqual([
    { mount: "/sys/fs/c group", version: 2, controllers: [] },
  ]);
});
