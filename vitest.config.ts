// Four projects by what they need: unit (nothing), component (real processes on loopback), gates (a machine for themselves, because they measure), cluster (real Kubernetes).
import { defineConfig } from "vitest/config";

const exclude = ["node_modules/**", "test/fixtures/**"];

export default defineConfig({
  test: {
    // no retries within a run; test/second-look.ts runs a file that failed once more, alone, and says so
    retry: 0,
    // component tests mostly wait for their processes: a core for each, and none kept for vitest itself
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "unit",
          // a default import of a CommonJS package is what Node makes of it, not what Vite would
          deps: { interopDefault: false },
          // a property test on a machine that does other things too
          testTimeout: 20_000,
          include: ["test/**/*.test.ts"],
          exclude: [...exclude, "test/**/*.{component,gates,cluster}.test.ts"],
          setupFiles: ["test/support/seeded.ts"],
        },
      },
      {
        test: {
          name: "component",
          include: ["test/**/*.component.test.ts"],
          exclude,
          setupFiles: ["test/support/seeded.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "gates",
          include: ["test/**/*.gates.test.ts"],
          exclude,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "cluster",
          include: ["test/**/*.cluster.test.ts"],
          exclude,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          // a file mostly waits, for pods, endpoints and periods: two at a time take little more than half of the time of one after the other (each has a cluster of its own)
          maxWorkers: 2,
          // vitest wants projects with different numbers of workers apart
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
