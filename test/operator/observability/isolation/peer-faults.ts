// What goes wrong between pods that run: one stands still, is not reached, or hears late.
import { agreement } from "../../../responder/replication/pod.ts";
import { done, lookups, mesh, text, type Fault } from "./fault.ts";

export const peerFaults: readonly Fault[] = [
  {
    title: "a pod that stands still",
    fires: ["KVResponderReplicasUnavailable", "KVResponderPeersMissing"],
    early: true,
    inject: async (stage) => {
      const [a, c] = [mesh(stage).pod("a"), mesh(stage).pod("c")];
      c.signal("SIGSTOP");
      await a.run(Array.from({ length: 300 }, (_, i) => ({ op: "put", key: `late-${i}`, value: "1" })));
      return () => c.signal("SIGCONT");
    },
  },
  // what was written meanwhile arrives when it is old
  { title: "and goes on", fires: ["KVResponderReplicationLagHigh"], early: true, inject: () => Promise.resolve(done) },
  {
    title: "a pod that gets too little of the processor",
    fires: ["KVResponderEventLoopSaturated"],
    early: true,
    inject: () => Promise.resolve(done),
    meanwhile: async (stage) => {
      const [a, c] = [mesh(stage).pod("a"), mesh(stage).pod("c")];
      c.signal("SIGSTOP");
      try {
        await lookups(a, 10_000);
      } finally {
        c.signal("SIGCONT");
      }
    },
  },
  {
    title: "a pod that nobody reaches",
    fires: ["KVResponderPeerIsolated"],
    early: true,
    inject: async (stage) => {
      mesh(stage).split(["c"], ["a", "b"]);
      return () => mesh(stage).heal();
    },
  },
  {
    title: "a way between pods that is too narrow for what is written",
    fires: ["KVResponderDivergence"],
    inject: async (stage) => {
      const lanes = ["a", "b"].flatMap((other) => [mesh(stage).lane("c", other), mesh(stage).lane(other, "c")]);
      for (const lane of lanes) lane.bytesPerSecond = 50_000;
      return async () => {
        for (const lane of lanes) lane.bytesPerSecond = Infinity;
        await agreement(mesh(stage).pods, 60_000);
      };
    },
    // the same keys, so that memory stays as it is
    meanwhile: async (stage) => {
      for (const name of ["a", "c"]) await mesh(stage).pod(name).run(Array.from({ length: 200 }, (_, i) => ({ op: "put", key: `${name}-${i}`, value: text(200) })));
    },
  },
];
